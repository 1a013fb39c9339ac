"""Bad answers are refused, all at once, by whichever way they come; names that people have are accepted and shown."""

import html
import json
import os
import re
import subprocess
import sys
import tomllib

import pytest
from markdown_it import MarkdownIt

from local_extensions import ASKED, CHOICES, PACKAGES, judge_answer, slug
from tests.baking import DEFAULTS, QUESTIONS, bake
from tests.conftest import make_project
from tests.test_services import ON_DEMAND, THEIR_NEEDS
from tools.interpreters import ROOT


class Generator:
    """Runs cookiecutter and cruft in a folder, as people do, with a home of its own."""

    def __init__(self, folder):
        self.folder = folder
        self.out = folder / "out"
        self.out.mkdir()
        self.replay = folder / "replay"
        self.config = folder / "config.yaml"
        self.config.write_text(json.dumps({"replay_dir": str(self.replay)}))

    def run(self, *command, typed=None, **variables):
        command = [sys.executable, "-m", *map(str, command)]
        env = os.environ | variables
        return subprocess.run(command, cwd=self.out, input=typed, env=env, capture_output=True, text=True)

    def cookiecutter(self, *arguments, **options):
        return self.run("cookiecutter", ROOT, "--config-file", self.config, *arguments, **options)

    def assert_refused(self, done, *words):
        said = done.stdout + done.stderr
        assert done.returncode == 1, said
        assert "Traceback" not in said
        assert "Nothing was made" in said
        assert [word for word in words if word not in said] == []
        assert list(self.out.iterdir()) == []


@pytest.fixture
def generator(tmp_path):
    return Generator(tmp_path)


REFUSED = [
    ("project_slug", "django", "taken"),
    ("project_slug", "psycopg2-binary", "taken"),
    ("project_slug", "sqlparse", "taken"),
    ("project_slug", "con", "taken"),
    ("project_slug", "lpt1", "taken"),
    ("project_slug", "My-Site", "lower-case words joined by hyphens"),
    ("project_slug", "my_site", "lower-case words joined by hyphens"),
    ("project_slug", "-site", "lower-case words joined by hyphens"),
    ("project_slug", "1site", "lower-case words joined by hyphens"),
    ("project_slug", "../site", "lower-case words joined by hyphens"),
    ("project_slug", "a" * 41, "at most 40"),
    ("project_name", "", "is empty"),
    ("project_name", "a" * 81, "at most 80"),
    ("project_name", "two\nlines", "control character"),
    ("project_name", "bell\x07", "control character"),
    ("project_name", "right\u202eleft", "invisible mark"),
    ("project_name", "\u200b", "invisible mark"),
    ("project_name", 'The "Best" Shop', "double quote"),
    ("project_name", "back\\slash", "backslash"),
    ("project_name", " space ", "space at its beginning"),
    ("project_name", "{{ cookiecutter }}", "mark of the template language"),
    ("project_name", "{% raw %}", "mark of the template language"),
    ("description", "", "is empty"),
    ("author_email", "ann", "such as: ann@example.com"),
    ("author_email", "ann@localhost", "such as: ann@example.com"),
    ("author_email", "a b@example.com", "such as: ann@example.com"),
    ("author_email", ".a..b.@-example-.-com", "such as: ann@example.com"),
    ("domain_name", "https://example.com", "such as: www.example.com"),
    ("domain_name", "example.com/path", "such as: www.example.com"),
    ("domain_name", "example", "such as: www.example.com"),
    ("domain_name", "-a.example.com", "such as: www.example.com"),
    ("timezone", "europe/pariss", "Did you mean Europe/Paris?"),
    ("timezone", "localtime", "such as: Europe/Paris"),
    ("timezone", "posix/Europe/Paris", "such as: Europe/Paris"),
    ("timezone", "Mars", "such as: Europe/Paris"),
    ("timezone", "../etc/passwd", "such as: Europe/Paris"),
    ("language", "zh-Hans", "Did you mean zh-hans?"),
    ("language", "fr", "one of: en-us zh-hans"),
    ("django_version", "6", "Did you mean 6.1?"),
    ("server", "uvicorm", "Did you mean uvicorn?"),
    ("postgres_driver", "psycopg3", "Did you mean psycopg?"),
    ("add_ons", "docker", "any of:"),
]


@pytest.mark.parametrize(("name", "value", "word"), REFUSED, ids=lambda value: ascii(value)[:30])
def test_an_answer_that_cannot_be_used_is_refused(name, value, word):
    assert word in judge_answer(name, value)


ALL_WRONG = {
    "project_name": "right\u202eleft",
    "project_slug": "Django",
    "author_email": "ann",
    "domain_name": "https://example.com",
    "language": "fr",
    "timezone": "Mars",
    "django_version": "4.2",
    "server": "apache",
    "postgres_driver": "psycopg2",
    "add_ons": "docker",
}


def test_the_command_line_is_refused_with_every_problem_at_once(generator):
    done = generator.cookiecutter("--no-input", *(f"{name}={value}" for name, value in ALL_WRONG.items()))
    generator.assert_refused(done, *ALL_WRONG, r"'right\u202eleft'")
    lines = [line for line in done.stdout.splitlines() if line.startswith("  ")]
    assert len(lines) == len(ALL_WRONG)
    assert all("expected" in line for line in lines)
    assert not generator.replay.exists()


def test_the_prompt_is_refused(generator):
    answers = [ALL_WRONG.get(name, "") for name in ASKED]
    done = generator.cookiecutter(typed="\n".join(answers) + "\n")
    generator.assert_refused(done, *ALL_WRONG)


def test_the_config_file_is_refused(generator):
    config = json.loads(generator.config.read_text()) | {"default_context": ALL_WRONG}
    generator.config.write_text(json.dumps(config))
    generator.assert_refused(generator.cookiecutter("--no-input"), *ALL_WRONG)


def test_a_replay_file_is_refused(generator):
    assert generator.cookiecutter("--no-input", "-o", generator.folder / "first").returncode == 0
    (file,) = generator.replay.iterdir()
    context = json.loads(file.read_text())
    context["cookiecutter"] |= ALL_WRONG
    file.write_text(json.dumps(context))
    generator.assert_refused(generator.cookiecutter("--replay-file", file), *ALL_WRONG)


def test_cruft_is_refused(generator):
    arguments = ["--no-input", "--config-file", generator.config, "--extra-context", json.dumps(ALL_WRONG)]
    done = generator.run("cruft", "create", as_git(generator.folder), *arguments)
    generator.assert_refused(done, *ALL_WRONG)


def as_git(folder):
    """Return a git repository with the template as it is in the working tree, as cruft wants one."""
    copy = folder / "template"
    files = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in files.stdout.decode().split("\0")[:-1]:
        if (ROOT / name).exists():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            (copy / name).write_bytes((ROOT / name).read_bytes())
    git(copy, "init", "--quiet")
    commit(copy)
    return copy


def git(folder, *arguments):
    subprocess.run(
        ["git", "-c", "user.name=Ann", "-c", "user.email=ann@example.com", *arguments], cwd=folder, check=True
    )


def commit(folder):
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "a version")


def test_a_terminal_without_chinese_is_told_all_the_same(generator):
    narrow = {"PYTHONIOENCODING": "cp1252"}
    done = generator.cookiecutter("--no-input", 'project_name="李雷"', **narrow)
    generator.assert_refused(done, "project_name '\"\\u674e\\u96f7\"': has a double quote")
    assert generator.cookiecutter("language=zh-hans", typed="\n" * 12, **narrow).returncode == 0


def test_a_replay_file_without_the_private_variables_is_refused_too(generator):
    file = generator.folder / "partial.json"
    answers = {name: QUESTIONS[name] for name in ASKED} | ALL_WRONG
    file.write_text(json.dumps({"cookiecutter": answers}))
    generator.assert_refused(generator.cookiecutter("--replay-file", file), *ALL_WRONG)


def test_an_update_by_cruft_leaves_the_secrets_alone(generator):
    template = as_git(generator.folder)
    config = ["--config-file", generator.config]
    assert generator.run("cruft", "create", template, "--no-input", *config).returncode == 0
    project = generator.out / "my-site"
    secrets = (project / ".env").read_text()
    git(project, "init", "--quiet")
    commit(project)
    changed = template / "{{cookiecutter.project_slug}}" / "static" / "css" / "site.css"
    changed.write_text(changed.read_text() + "\n/* newer */\n")
    example = template / "{{cookiecutter.project_slug}}" / ".env.example"
    example.write_text(example.read_text() + "# newer\n")
    commit(template)
    diff = generator.run("cruft", "diff", "--project-dir", project).stdout
    assert secrets.partition("DJANGO_SECRET_KEY=")[2].splitlines()[0] not in diff
    done = generator.run("cruft", "update", "--skip-apply-ask", "--project-dir", project)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "newer" in (project / "static" / "css" / "site.css").read_text()
    assert "newer" in (project / ".env.example").read_text()
    assert (project / ".env").read_text() == secrets
    assert list(project.rglob("*.rej")) == []


def test_a_language_mark_in_an_answer_is_not_run(generator):
    done = generator.cookiecutter("--no-input", "project_name={{ 7 * 7 }}", "description={% nonsense")
    generator.assert_refused(done, "project_name '{{ 7 * 7 }}'", "description '{% nonsense'")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Blue Shop", "blue-shop"),
        ("李雷的博客", "li-lei-de-bo-ke"),
        ("O'Hara's", "oharas"),
        ("Zoë", "zoe"),
        ("🚀", "my-site"),
        ("100% & done", "site-100-done"),
        ("Django", "site-django"),
        ("CON", "site-con"),
        ("a very long name that goes on and on and on for ever", "a-very-long-name-that-goes-on-and-on-and"),
    ],
)
def test_a_slug_is_derived_from_any_name(name, expected):
    assert slug(name) == expected


ACCEPTED = [
    "O'Hara",
    "Zoë & Söhne",
    "李雷的博客",
    "🚀 Launch 👩‍💻",
    "<b>Bold</b>",
    "100% & done",
    "$HOME",
    "`ls`",
    "a: b # c",
    "- dash",
    "1. one",
    "a_b*c* [d](e)",
]


@pytest.mark.parametrize("name", ACCEPTED)
def test_names_that_people_have_are_shown_right_everywhere(name, tmp_path_factory):
    answers = {"project_name": name, "author_name": name, "description": f"All about {name}"}
    project = make_project(DEFAULTS, tmp_path_factory, **answers)
    metadata = tomllib.loads((project.path / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert metadata["authors"][0]["name"] == name
    assert metadata["description"] == f"All about {name}"
    readme = MarkdownIt().render((project.path / "README.md").read_text(encoding="utf-8"))
    heading, paragraph = re.search(r"<h1>(.*?)</h1>\n<p>(.*?)</p>", readme).groups()
    assert (html.unescape(heading), html.unescape(paragraph)) == (name, f"All about {name}")
    shown = json.loads(project.run("python", "-W", "error", "-c", SHOW, DJANGO_SETTINGS_MODULE="config.settings.test"))
    assert shown == {
        "title": html.escape(name),
        "description": html.escape(f"All about {name}"),
        "mail subject": f"[{name}] ",
        "admin": name,
        ".env.example": f"[{name}]",
    }


SHOW = """
import json, re
from pathlib import Path

import django
django.setup()

from django.conf import settings
from django.contrib import admin
from django.test import RequestFactory
from environ import Env

import config.urls
from core.views import home

page = home(RequestFactory().get("/")).content.decode()
line = re.search(r"^# (DJANGO_EMAIL_SUBJECT_PREFIX=.*)$", Path(".env.example").read_text(encoding="utf-8"), re.M)[1]
Path("line").write_text(line, encoding="utf-8")
Env.ENVIRON = {}
Env.read_env("line")
print(json.dumps({
    "title": re.search("<title>(.*)</title>", page)[1],
    "description": re.search('name="description" content="(.*)"', page)[1],
    "mail subject": settings.EMAIL_SUBJECT_PREFIX,
    "admin": admin.site.site_header,
    ".env.example": Env.ENVIRON["DJANGO_EMAIL_SUBJECT_PREFIX"],
}))
"""


def test_questions_are_few_and_each_has_words_and_a_default():
    assert len(ASKED) <= 12
    assert set(QUESTIONS["__prompts__"]) == set(ASKED)
    assert all(QUESTIONS[name] for name in ASKED if name != "add_ons")
    for name, choices in CHOICES.items():
        assert name == "add_ons" or QUESTIONS[name] == choices[0]
    for name in CHOICES:
        words = QUESTIONS["__prompts__"][name]
        assert [choice for choice in CHOICES[name] if choice not in words] == []


def test_no_project_can_have_the_name_of_what_it_installs(project):
    installed = json.loads(project.run("python", "-c", LIST_INSTALLED))
    needed_on_demand = {name.partition("[")[0] for name in ON_DEMAND + THEIR_NEEDS}
    assert set(installed) | needed_on_demand <= set(PACKAGES.split())


LIST_INSTALLED = """
import json, re
from importlib.metadata import distributions
print(json.dumps(sorted({re.sub(r"[-_.]+", "-", d.metadata["Name"]).lower() for d in distributions()})))
"""


def test_a_secret_key_is_fresh_and_in_no_tracked_or_replay_file(generator):
    keys = set()
    for number in range(2):
        folder = generator.folder / str(number)
        assert generator.cookiecutter("--no-input", "-o", folder).returncode == 0
        project = folder / "my-site"
        (key,) = [line for line in (project / ".env").read_text().splitlines() if line.startswith("DJANGO_SECRET_KEY=")]
        secret = key.partition("=")[2]
        assert len(secret) > 50
        assert ".env" in (project / ".gitignore").read_text().split()
        others = [path for path in project.rglob("*") if path.is_file() and path.name != ".env"]
        assert [path for path in others if secret.encode() in path.read_bytes()] == []
        assert secret not in "".join(file.read_text() for file in generator.replay.iterdir())
        keys.add(secret)
    assert len(keys) == 2


def test_an_existing_folder_is_left_alone(generator):
    kept = generator.out / "my-site" / "mine.txt"
    kept.parent.mkdir()
    kept.write_text("mine")
    done = generator.cookiecutter("--no-input")
    assert done.returncode == 1
    assert "already exists" in done.stdout
    assert [path.name for path in kept.parent.iterdir()] == ["mine.txt"]


def test_a_project_says_which_three_commands_come_next(generator):
    said = generator.cookiecutter("--no-input", "language=zh-hans").stdout
    assert [word for word in ("cd my-site", "manage.py migrate", "manage.py runserver") if word not in said] == []


def test_answers_from_a_baking_folder_are_plain(tmp_path):
    assert bake(tmp_path, project_name="$HOME").name == "home"

"""Each two choices that can be made together make a project that is whole, clean, and passes its own checks."""

import ast
import configparser
import itertools
import json
import re
import subprocess
import sys
import tomllib
import xml.etree.ElementTree as ElementTree

import polib
import yaml
from markdown_it import MarkdownIt

from harness.baking import CHOICES, ROWS, options
from harness.interpreters import SUPPORTED

# What only one choice may leave in a project. Both servers' names are in every project:
# the rehearsal looks through both doors.
TRACES = {
    "5.2": [r"django-csp", r"CONTENT_SECURITY_POLICY", r"csp\.middleware\.CSP", r"^EMAIL_(BACKEND|HOST)", r"/en/5\.2/"],
    "6.1": [r"SECURE_CSP", r"django\.middleware\.csp", r"MAILERS", r"/en/6\.1/"],
    "gunicorn": [r"^web: .*gunicorn", r"gthread", r"WEB_THREADS"],
    "uvicorn": [r"^web: .*uvicorn", r"uvicorn\[standard\]", r"example_async", r"uvicorn_protocol"],
    "psycopg2-binary": [r"psycopg2"],
    "psycopg": [r"psycopg\[", r"\bpool\b(?!ed)"],
    "en-us": [r"^## Start$", r'^LANGUAGE_CODE = "en-us"$'],
    "zh-hans": [r"^## 开始$", r'^LANGUAGE_CODE = "zh-hans"$'],
    "github": [r"slipway-update", r"github\.token"],
    "vps": [r"deploy/README\.md", r"proxy_pass", r"ExecStart"],
}
JINJA = [r"\{\{ ?cookiecutter", r"\{%-", r"# %", r"cookiecutter\."]


def parses_as_ini(text):
    configparser.RawConfigParser(strict=False).read_string(f"[top]\n{text}")


# A parser for every kind of file, by its suffix or its name; for those without, the program that reads them.
PARSERS = {
    ".py": ast.parse,
    ".toml": tomllib.loads,
    ".yml": yaml.safe_load,
    ".yaml": yaml.safe_load,
    ".json": json.loads,
    ".svg": ElementTree.fromstring,
    ".md": MarkdownIt().parse,
    ".po": polib.pofile,
    ".editorconfig": parses_as_ini,
    ".service": parses_as_ini,
    ".socket": parses_as_ini,
    ".timer": parses_as_ini,
}
BY_PROGRAM = {
    ".html": "djlint and Django's template engine",
    ".css": "Chromium, in test_browser.py",
    ".js": "Chromium, in test_browser.py; Node, in test_vps_processes.py",
    ".conf": "nginx and supervisor, in test_vps_*.py",
    ".mo": "polib, in test_translations.py",
    ".sh": "sh, in test_vps_release.py",
    "Procfile": "honcho",
    ".env": "django-environ, in the project's own checks",
    ".env.example": "the project's own tests",
    ".gitignore": "git",
    ".gitattributes": "git",
    ".python-version": "uv",
}


def texts(project):
    for path in sorted(project.path.rglob("*")):
        hidden = {"__pycache__", "staticfiles", ".mypy_cache", ".ruff_cache", ".pytest_cache"} & set(path.parts)
        if path.is_file() and not hidden and path.suffix not in {".mo", ".pyc", ".sqlite3"}:
            yield path.relative_to(project.path).as_posix(), path.read_text(encoding="utf-8")


def test_every_two_choices_meet():
    questions = options()
    for one, other in itertools.combinations(questions, 2):
        wanted = set(itertools.product(questions[one], questions[other]))
        assert {(answer_to(one, row), answer_to(other, row)) for row in ROWS} == wanted


def answer_to(question, row):
    if question in CHOICES:
        return row.answers[question]
    return question if question in row.chosen else ""


def test_every_choice_has_traces():
    assert set(TRACES) == {choice for choices in CHOICES.values() for choice in choices}


def test_every_file_parses(project):
    for path, text in texts(project):
        name = path.rpartition("/")[2]
        suffix = f".{name.rpartition('.')[2]}"
        parse = PARSERS.get(suffix) or PARSERS.get(name)
        if parse:
            parse(text)
        else:
            assert suffix in BY_PROGRAM or name in BY_PROGRAM, f"{path} is of a kind that nothing reads"


def test_the_procfile_is_one(project):
    out = subprocess.run(
        [sys.executable, "-m", "honcho", "check"], cwd=project.path, capture_output=True, text=True, check=True
    )
    assert "Valid procfile detected (release, web)" in out.stderr


def test_workflows_follow_their_schema(project):
    files = list(project.path.glob(".github/workflows/*"))
    assert bool(files) == ("github" in project.row.chosen)
    if files:
        command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", *files]
        subprocess.run(command, check=True)


def test_the_hooks_of_pre_commit_are_configured_right(project):
    project.run("pre-commit", "validate-config")


def test_nothing_is_empty(project):
    folders = [path for path in project.path.rglob("*") if path.is_dir()]
    assert [folder for folder in folders if not any(folder.iterdir())] == []
    assert [path for path, text in texts(project) if not text and not path.endswith("__init__.py")] == []


def test_every_template_compiles(project):
    code = """
import django; django.setup()
from pathlib import Path
from django.template.loader import get_template
names = [path.relative_to("templates").as_posix() for path in Path("templates").rglob("*.html")]
print(len([get_template(name) for name in names]))
"""
    count = len(list(project.path.glob("templates/**/*.html")))
    assert project.run("python", "-c", code, DJANGO_SETTINGS_MODULE="config.settings.test").strip() == str(count)


def test_no_trace_of_the_template_or_of_what_was_not_chosen_is_left(project):
    not_chosen = set(TRACES) - project.row.chosen
    forbidden = JINJA + [pattern for choice in sorted(not_chosen) for pattern in TRACES[choice]]
    found = [
        f"{path}: {pattern}"
        for path, text in texts(project)
        for pattern in forbidden
        if re.search(pattern, text, re.MULTILINE)
    ]
    assert found == []


def test_what_was_chosen_has_left_its_traces(project):
    # Without this, a pattern that never matches anything would look like a clean project.
    everything = "\n".join(text for _, text in texts(project))
    for choice in project.row.chosen:
        missing = [pattern for pattern in TRACES[choice] if not re.search(pattern, everything, re.MULTILINE)]
        assert missing == []


def test_it_is_formatted_and_linted(project):
    project.run("ruff", "format", "--no-cache", "--check", ".")
    project.run("ruff", "check", "--no-cache", ".")


def test_its_templates_are_linted(project):
    project.run("djlint", "--lint", "--quiet", "templates")


def test_its_types_are_right(project):
    project.run("mypy", "--cache-dir", str(project.environment / "mypy-cache"), ".")


def test_no_migration_is_missing(project):
    project.run("python", "-W", "error", "manage.py", "makemigrations", "--check", "--dry-run")


def test_local_checks_are_silent(project):
    out = project.run("python", "-W", "error", "manage.py", "check", "--fail-level", "WARNING")
    assert "no issues (0 silenced)" in out


def test_deployment_checks_are_silent(project):
    variables = {name: value for name, value in project.production().items() if name != "PATH"}
    variables |= {"DATABASE_URL": "postgres://user:pass@localhost/site"}
    out = project.run("python", "-W", "error", "manage.py", "check", "--deploy", "--fail-level", "WARNING", **variables)
    assert "no issues (2 silenced)" in out


def test_only_the_owner_can_read_secrets(project):
    assert (project.path / ".env").stat().st_mode & 0o777 == 0o600


def test_the_interpreter_that_baked_it_is_pinned_if_django_supports_it(project):
    pinned = (project.path / ".python-version").read_text(encoding="utf-8").strip()
    mine = f"{sys.version_info.major}.{sys.version_info.minor}"
    supported = SUPPORTED[project.row.django_version]
    assert pinned == mine if mine in supported else pinned in supported

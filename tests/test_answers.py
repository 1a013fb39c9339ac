"""Bad answers are refused, all at once, by whichever way they come; names that people have are accepted and shown."""

import json

import pytest

from harness.baking import ON_DEMAND, QUESTIONS, THEIR_NEEDS
from harness.generator import as_git
from local_answers import ASKED, CHOICES, PACKAGES, judge_answer
from local_extensions import slug

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
    ("domain_name", "https://example.com", "such as: example.com"),
    ("domain_name", "www.example.com", "without https://, www. or path"),
    ("domain_name", "example.com/path", "such as: example.com"),
    ("domain_name", "example", "such as: example.com"),
    ("domain_name", "-a.example.com", "such as: example.com"),
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


def test_an_answer_that_config_files_leave_empty_is_refused(generator):
    config = json.loads(generator.config.read_text()) | {"default_context": {"project_name": None}}
    generator.config.write_text(json.dumps(config))
    generator.assert_refused(generator.cookiecutter("--no-input"), "project_name '': is empty")


def test_a_language_mark_in_an_answer_is_not_run_even_if_it_is_a_default(generator):
    done = generator.cookiecutter("--no-input", "project_name={{ cookiecutter | judge }}", "project_slug=my-site")
    generator.assert_refused(done, "project_name '{{ cookiecutter | judge }}': has a mark of the template language")


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


def test_questions_are_few_and_each_has_words_and_a_default():
    assert len(ASKED) <= 12
    assert set(QUESTIONS["__prompts__"]) == set(ASKED)
    assert all(QUESTIONS[name] for name in ASKED if name != "add_ons")
    for name, choices in CHOICES.items():
        assert name == "add_ons" or QUESTIONS[name] == choices[0]
    for name in CHOICES:
        words = QUESTIONS["__prompts__"][name]
        assert [choice for choice in CHOICES[name] if choice not in words] == []


def test_every_add_on_has_its_folder():
    assert list(QUESTIONS["_add_on_folders"]) == CHOICES["add_ons"]


def test_no_project_can_have_the_name_of_what_it_installs(project):
    installed = json.loads(project.run("python", "-c", LIST_INSTALLED))
    needed_on_demand = {name.partition("[")[0] for name in ON_DEMAND + THEIR_NEEDS}
    assert set(installed) | needed_on_demand <= PACKAGES


LIST_INSTALLED = """
import json, re
from importlib.metadata import distributions
print(json.dumps(sorted({re.sub(r"[-_.]+", "-", d.metadata["Name"]).lower() for d in distributions()})))
"""

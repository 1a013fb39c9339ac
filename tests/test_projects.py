"""Each combination of choices makes a project that is whole, clean, and passes its own checks."""

import re
import sys

from tests.baking import CHOICES, CODE_CHOICES
from tools.interpreters import SUPPORTED

# What only one choice may leave in a project. Both servers' names are in every project:
# the rehearsal looks through both doors.
TRACES = {
    "5.2": [r"django-csp", r"CONTENT_SECURITY_POLICY", r"csp\.middleware\.CSP", r"^EMAIL_(BACKEND|HOST)", r"/en/5\.2/"],
    "6.1": [r"SECURE_CSP", r"django\.middleware\.csp", r"MAILERS", r"/en/6\.1/"],
    "gunicorn": [r"^web: .*gunicorn", r"gthread", r"WEB_THREADS"],
    "uvicorn": [r"^web: .*uvicorn", r"uvicorn\[standard\]", r"example_async", r"uvicorn_protocol"],
    "psycopg2-binary": [r"psycopg2"],
    "psycopg": [r"psycopg\[", r"\bpool\b(?!ed)"],
}
JINJA = [r"\{\{ ?cookiecutter", r"\{%-", r"# %", r"cookiecutter\."]


def texts(project):
    for path in sorted(project.path.rglob("*")):
        hidden = {"__pycache__", "staticfiles", ".mypy_cache", ".ruff_cache", ".pytest_cache"} & set(path.parts)
        if path.is_file() and not hidden and path.suffix not in {".mo", ".pyc", ".sqlite3"}:
            yield path.relative_to(project.path).as_posix(), path.read_text(encoding="utf-8")


def test_no_trace_of_the_template_or_of_what_was_not_chosen_is_left(project):
    chosen = project.row.answers.values()
    not_chosen = [choice for name in CODE_CHOICES for choice in CHOICES[name] if choice not in chosen]
    forbidden = JINJA + [pattern for choice in not_chosen for pattern in TRACES[choice]]
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
    for choice in vars(project.row).values():
        missing = [pattern for pattern in TRACES[choice] if not re.search(pattern, everything, re.MULTILINE)]
        assert missing == []


def test_its_own_tests_pass_on_sqlite(project):
    assert " passed" in project.run("python", "-W", "error", "-m", "pytest", "-q", "-p", "no:cacheprovider")


def test_its_own_tests_pass_on_postgresql(project, postgres):
    out = project.run("python", "-W", "error", "-m", "pytest", "-q", "-p", "no:cacheprovider", DATABASE_URL=postgres)
    assert " passed" in out


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

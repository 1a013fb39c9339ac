"""Production's settings, each time in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

from tests.test_environment import GOOD, REQUIRED

ROOT = Path(__file__).parent.parent


def manage(*arguments: str, **variables: str) -> subprocess.CompletedProcess:
    """Run manage.py on production settings, with these environment variables and no others."""
    env = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "config.settings.production"}
    command = [sys.executable, "-W", "error", "manage.py", *arguments]
    return subprocess.run(command, cwd=ROOT, env=env | variables, capture_output=True, text=True)  # noqa: S603


def show(names: str, **variables: str) -> str:
    code = f"from django.conf import settings as s; print({names})"
    return manage("shell", "--verbosity=0", "-c", code, **GOOD | variables).stdout.strip()


def test_django_has_nothing_to_say_against_the_deployment():
    done = manage("check", "--deploy", "--fail-level", "WARNING", **GOOD)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


def test_a_bare_environment_is_refused_in_one_message_without_a_traceback():
    done = manage("check")
    assert done.returncode == 3
    assert [name for name in REQUIRED if name in done.stderr] == REQUIRED
    assert "Traceback" not in done.stderr


def test_debug_cannot_be_turned_on_from_outside():
    assert show("s.DEBUG", DEBUG="true", DJANGO_DEBUG="true") == "False"


def test_dotenv_is_not_read():
    # .env has a DJANGO_SECRET_KEY of its own.
    assert (
        show("s.SECRET_KEY", DJANGO_SECRET_KEY=GOOD["DJANGO_SECRET_KEY"])
        == GOOD["DJANGO_SECRET_KEY"]
    )


def test_cookies_are_bound_to_this_host_and_to_https():
    names = "s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, s.LANGUAGE_COOKIE_NAME"
    assert show(names).count("__Host-") == 3
    secure = "s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.LANGUAGE_COOKIE_SECURE"
    assert show(secure) == "True True True"


def test_https_is_insisted_on_unless_the_environment_says_otherwise():
    names = "s.SECURE_SSL_REDIRECT, s.SECURE_HSTS_SECONDS, s.SECURE_HSTS_PRELOAD"
    assert show(names) == "True 3600 False"
    assert show(names, DJANGO_SECURE_HSTS_SECONDS="31536000").split()[1] == "31536000"


def test_sqlite_lets_readers_and_a_writer_work_at_once():
    options = show("s.DATABASES['default']['OPTIONS']", DATABASE_URL="sqlite:///db.sqlite3")
    assert "IMMEDIATE" in options
    assert "journal_mode=WAL" in options


def test_database_connections_are_used_again():
    # % if cookiecutter.postgres_driver == "psycopg"
    assert "max_size" in show("s.DATABASES['default']['OPTIONS']['pool']")
    # % else
    assert show("s.DATABASES['default']['CONN_MAX_AGE']") == "60"
    # % endif
    assert show("s.DATABASES['default']['CONN_HEALTH_CHECKS']") == "True"

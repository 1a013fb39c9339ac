import re
from pathlib import Path

import pytest

from config.environment import VARIABLES, read, read_dotenv

KEY = "k3y-" + "0123456789abcdefghijklmnopqrstuvwxyz" * 2
REQUIRED = [variable.name for variable in VARIABLES if variable.required]
GOOD = {
    "DJANGO_SECRET_KEY": KEY,
    "DJANGO_ALLOWED_HOSTS": "example.com, .example.org",
    "DJANGO_ADMINS": "Ann <ann@example.com>, bob@example.com",
    "DATABASE_URL": "postgres://user:pa%23ss@db.example.com:5433/site?sslmode=require",
    "EMAIL_URL": "smtp+tls://user:pass@mail.example.com:587",
}


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("DJANGO_SECRET_KEY", "$" + KEY, "$" + KEY),
        ("DJANGO_SECRET_KEY_FALLBACKS", f"{KEY}1, {KEY}2", [KEY + "1", KEY + "2"]),
        ("DJANGO_ALLOWED_HOSTS", "a.example , .b.example,", ["a.example", ".b.example"]),
        ("DJANGO_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]", ["localhost", "127.0.0.1", "[::1]"]),
        ("DJANGO_CSRF_TRUSTED_ORIGINS", "https://a.example:8443", ["https://a.example:8443"]),
        # % if cookiecutter.django_version == "5.2"
        (
            "DJANGO_ADMINS",
            "Ann <a@b.example>, c@d.example",
            [("Ann", "a@b.example"), ("", "c@d.example")],
        ),
        ("DJANGO_ADMINS", '"Roe, Ann" <a@b.example>', [("Roe, Ann", "a@b.example")]),
        # % else
        ("DJANGO_ADMINS", "Ann <a@b.example>, c@d.example", ["a@b.example", "c@d.example"]),
        ("DJANGO_ADMINS", '"Roe, Ann" <a@b.example>', ["a@b.example"]),
        # % endif
        ("DEFAULT_FROM_EMAIL", "李雷 <li@b.example>", "李雷 <li@b.example>"),
        ("DJANGO_SECURE_SSL_REDIRECT", "No", False),
        ("DJANGO_SECURE_HSTS_SECONDS", " 31536000 ", 31536000),
        ("DJANGO_EMAIL_SUBJECT_PREFIX", "$HOME", "$HOME"),
        ("DJANGO_LOG_LEVEL", "debug", "DEBUG"),
        ("GA_TRACKER_ID", "G-ABC123", "G-ABC123"),
        ("CACHE_URL", "", None),
        ("CACHE_URL", "   ", None),
    ],
)
def test_values_arrive_as_meant(name, value, expected):
    values, problems = read(GOOD | {name: value})
    assert problems == []
    assert values[name] == expected


@pytest.mark.parametrize(
    ("name", "value", "wrong"),
    [
        ("DJANGO_SECRET_KEY", "short", "too short"),
        ("DJANGO_SECRET_KEY", "a" * 60, "too simple"),
        ("DJANGO_SECRET_KEY", "local-insecure-" + KEY, "placeholder"),
        ("DJANGO_SECRET_KEY", "django-insecure-" + KEY, "placeholder"),
        ("DJANGO_SECRET_KEY_FALLBACKS", f"{KEY},short", "too short"),
        ("DJANGO_ALLOWED_HOSTS", "*", "every host"),
        ("DJANGO_ALLOWED_HOSTS", "https://example.com", "bare host names"),
        ("DJANGO_ALLOWED_HOSTS", "example.com:8000", "bare host names"),
        ("DJANGO_ALLOWED_HOSTS", ",", "names nothing"),
        ("DJANGO_CSRF_TRUSTED_ORIGINS", "example.com", "a scheme and a host"),
        ("DJANGO_ADMINS", "Ann", "email addresses"),
        ("DEFAULT_FROM_EMAIL", "a@b.example, c@d.example", "more than one"),
        ("SERVER_EMAIL", "errors", "email addresses"),
        ("DATABASE_URL", "canary", "begins with none of"),
        ("DATABASE_URL", "oracle://user:canary@host/name", "begins with none of"),
        ("DATABASE_URL", "postgres://user:can#ary@host/name", "malformed"),
        ("DATABASE_URL", "postgres://user:can/ary@host/name", "malformed"),
        ("DATABASE_URL", "postgres://user:canary@host:port/name", "malformed"),
        ("DATABASE_URL", "postgres://user:canary/x@host1,host2/name", "malformed"),
        ("DATABASE_URL", "postgres://user:canary@[host,host/name", "malformed"),
        ("EMAIL_URL", "smtp://user:canary@host1:25,host2:25", "malformed"),
        ("DATABASE_URL", "postgres://user:canary@host", "names no database"),
        ("DATABASE_URL", "sqlite://db.sqlite3", "too few slashes"),
        ("CACHE_URL", "canary://localhost", "begins with none of"),
        ("EMAIL_URL", "canary", "begins with none of"),
        ("EMAIL_URL", "smtp://", "names no server"),
        ("DJANGO_SECURE_SSL_REDIRECT", "maybe", "neither true nor false"),
        ("DJANGO_SECURE_HSTS_SECONDS", "soon", "whole number"),
        ("DJANGO_SECURE_HSTS_SECONDS", "-1", "whole number"),
        ("DJANGO_LOG_LEVEL", "LOUD", "level of logging"),
        ("DJANGO_LOG_JSON", "yep", "neither true nor false"),
        ("GA_TRACKER_ID", "<script>", "measurement ID"),
        ("AWS_S3_ENDPOINT_URL", "minio:9000", "begins with none of"),
        ("AWS_S3_CUSTOM_DOMAIN", "https://media.example.com/", "bare host name"),
        ("AWS_S3_CUSTOM_DOMAIN", "x; script-src *", "bare host name"),
        ("AWS_S3_ADDRESSING_STYLE", "host", "three styles"),
        ("DATABASE_URL", "postgres://user:canary@host/name?conn_max_age=long", "conn_max_age"),
    ],
)
def test_values_are_refused_by_name_and_never_shown(name, value, wrong):
    (problem,) = read(GOOD | {name: value})[1]
    assert problem.startswith(f"{name} ")
    assert wrong in problem
    assert "expected" in problem
    assert "for example" in problem
    assert "canary" not in problem
    assert "\n" not in problem


@pytest.mark.parametrize(
    ("name", "value", "module", "package"),
    [
        ("CACHE_URL", "redis://localhost:6379/0", "redis", "redis"),
        ("CACHE_URL", "valkey://localhost:6379/0", "redis", "redis"),
        ("DATABASE_URL", "mysql://user:pass@localhost/site", "MySQLdb", "mysqlclient"),
        ("SENTRY_DSN", "https://key@sentry.example/1", "sentry_sdk", "sentry-sdk"),
        ("AWS_STORAGE_BUCKET_NAME", "media", "storages", "django-storages[s3]"),
    ],
)
def test_a_missing_package_is_named_with_the_command_that_adds_it(
    monkeypatch, name, value, module, package
):
    monkeypatch.setattr("config.values.find_spec", lambda wanted: None if wanted == module else 1)
    (problem,) = read(GOOD | {name: value})[1]
    assert f'uv add "{package}"' in problem
    monkeypatch.setattr("config.values.find_spec", lambda wanted: 1)
    assert read(GOOD | {name: value})[1] == []


@pytest.mark.parametrize(
    ("name", "value", "wrong"),
    [
        ("SENTRY_DSN", "https://[canary]@sentry.example.com/1", "malformed"),
        ("SENTRY_DSN", "https://sentry.example.com/1", "lacks the key"),
        ("AWS_STORAGE_BUCKET_NAME", "Not A Bucket", "not a name"),
    ],
)
def test_services_are_refused_when_they_could_not_work(monkeypatch, name, value, wrong):
    monkeypatch.setattr("config.values.find_spec", lambda wanted: 1)
    (problem,) = read(GOOD | {name: value})[1]
    assert wrong in problem
    assert "canary" not in problem


def test_a_database_may_have_several_hosts():
    url = "postgres://user:pass@db1.example.com:5432,db2.example.com:5433/site"
    database = read(GOOD | {"DATABASE_URL": url})[0]["DATABASE_URL"]
    assert (database["HOST"], database["PORT"]) == ("db1.example.com,db2.example.com", "5432,5433")


def test_urls_are_taken_apart(monkeypatch):
    monkeypatch.setattr("config.values.find_spec", lambda wanted: 1)
    values, _ = read(GOOD | {"CACHE_URL": "valkey://:pass@cache.example.com:6379/2"})
    assert values["DATABASE_URL"] == {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "site",
        "USER": "user",
        "PASSWORD": "pa#ss",
        "HOST": "db.example.com",
        "PORT": 5433,
        "OPTIONS": {"sslmode": "require"},
    }
    assert values["CACHE_URL"] == {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": "redis://:pass@cache.example.com:6379/2",
    }


@pytest.mark.parametrize(
    ("url", "port", "starttls", "from_the_start"),
    [
        ("smtp://mail.example.com", 25, False, False),
        ("smtp://localhost:2525", 2525, False, False),
        ("smtp+tls://mail.example.com", 587, True, False),
        ("smtp+ssl://mail.example.com", 465, False, True),
        ("smtps://mail.example.com", 587, True, False),
        ("smtps://mail.example.com:465", 465, False, True),
    ],
)
def test_mail_servers_are_spoken_to_as_their_url_says(url, port, starttls, from_the_start):
    server = read(GOOD | {"EMAIL_URL": url})[0]["EMAIL_URL"]
    assert (server["port"], server["use_tls"], server["use_ssl"]) == (
        port,
        starttls,
        from_the_start,
    )


def test_production_names_everything_that_is_missing_at_once():
    _, problems = read({}, production=True)
    assert [problem.split()[0] for problem in problems] == REQUIRED


@pytest.mark.parametrize("name", REQUIRED)
@pytest.mark.parametrize("emptiness", [None, "", "  "])
def test_production_misses_each_required_variable(name, emptiness):
    environment = {k: v for k, v in GOOD.items() if k != name}
    if emptiness is not None:
        environment[name] = emptiness
    (problem,) = read(environment, production=True)[1]
    assert problem.startswith(f"{name} is missing; expected")


def test_development_needs_nothing():
    assert read({})[1] == []


def test_a_secret_can_come_from_a_file(tmp_path):
    file = tmp_path / "key"
    file.write_text(f"{KEY}\n")
    environment = GOOD | {"DJANGO_SECRET_KEY": "", "DJANGO_SECRET_KEY_FILE": str(file)}
    values, problems = read(environment, production=True)
    assert problems == []
    assert values["DJANGO_SECRET_KEY"] == KEY
    file.unlink()
    (problem,) = read(environment, production=True)[1]
    assert problem.startswith(f"DJANGO_SECRET_KEY cannot be read from {file}")


def test_a_line_of_dotenv_that_would_be_passed_over_is_named(tmp_path):
    dotenv = tmp_path / ".env"
    dotenv.write_text("# fine\n\nNAME = value\n")
    (problem,) = read_dotenv(dotenv)
    assert problem.startswith(".env, line 3, ")
    dotenv.write_bytes("DJANGO_LOG_LEVEL=INFO".encode("utf-16"))
    assert read_dotenv(dotenv) == [
        ".env is not UTF-8 text; expected a file that an editor saved as UTF-8"
    ]
    assert read_dotenv(tmp_path / "no-such-file") == []


def test_the_example_documents_every_variable_and_no_other():
    example = (Path(__file__).parent.parent / ".env.example").read_text(encoding="utf-8")
    documented = re.findall(r"^# ([A-Z0-9_]+)=", example, re.MULTILINE)
    assert sorted(documented) == sorted(variable.name for variable in VARIABLES)

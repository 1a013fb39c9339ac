"""The one door to the environment.

VARIABLES says what each environment variable means. A settings module opens the door once
with ``env.load()``, and then reads ``env["NAME"]``.

All problems are reported together, one line each, before anything is served. A secret's
value is never shown; it may also come from a file that ``NAME_FILE`` names.
"""

import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import environ

from config import values

DOTENV = Path(__file__).resolve().parent.parent / ".env"

# gunicorn and uvicorn stop, instead of starting worker after worker, when one ends so.
STARTUP_FAILURE = 3


@dataclass(frozen=True)
class Variable:
    """What one environment variable means, and what is said when it is missing or wrong."""

    name: str
    parse: Callable[[str], Any]
    expected: str
    example: str
    default: Any = None
    required: bool = False  # by production
    secret: bool = False


VARIABLES = [
    Variable(
        "DJANGO_SECRET_KEY",
        values.secret_key,
        "at least 50 random characters",
        'the output of: python -c "import secrets; print(secrets.token_urlsafe(50))"',
        required=True,
        secret=True,
    ),
    Variable(
        "DJANGO_SECRET_KEY_FALLBACKS",
        values.secret_keys,
        "former keys, separated by commas",
        "the key that was in use before",
        default=[],
        secret=True,
    ),
    Variable(
        "DJANGO_ALLOWED_HOSTS",
        values.hosts,
        "host names without scheme or port, separated by commas",
        "{{ cookiecutter.domain_name }},www.{{ cookiecutter.domain_name }}",
        default=[],
        required=True,
    ),
    Variable(
        "DJANGO_CSRF_TRUSTED_ORIGINS",
        values.origins,
        "origins, separated by commas",
        "https://forms.{{ cookiecutter.domain_name }}",
        default=[],
    ),
    Variable(
        "DJANGO_ADMINS",
        values.admins,
        "email addresses, separated by commas",
        "{{ cookiecutter.author_email }}",
        default=[],
        required=True,
    ),
    Variable(
        "DATABASE_URL",
        values.database,
        "the URL of a database",
        "postgres://user:password@localhost:5432/{{ cookiecutter.project_slug }}",
        required=True,
        secret=True,
    ),
    Variable(
        "CACHE_URL",
        values.cache,
        "the URL of a cache",
        "redis://localhost:6379/0",
        secret=True,
    ),
    Variable(
        "EMAIL_URL",
        values.mail_server,
        "the URL of a mail server",
        "smtp+tls://user:password@smtp.{{ cookiecutter.domain_name }}:587",
        required=True,
        secret=True,
    ),
    Variable(
        "DEFAULT_FROM_EMAIL",
        values.sender,
        "one email address",
        "noreply@{{ cookiecutter.domain_name }}",
        default="noreply@{{ cookiecutter.domain_name }}",
    ),
    Variable(
        "SERVER_EMAIL",
        values.sender,
        "one email address",
        "errors@{{ cookiecutter.domain_name }}",
    ),
    Variable(
        "DJANGO_EMAIL_SUBJECT_PREFIX",
        values.text,
        "a few words",
        "[{{ cookiecutter.project_name | quoted }}]",
        default="[{{ cookiecutter.project_name | quoted }}]",
    ),
    Variable(
        "DJANGO_SECURE_SSL_REDIRECT",
        values.boolean,
        "true or false",
        "true",
        default=True,
    ),
    Variable(
        "DJANGO_SECURE_HSTS_SECONDS",
        values.seconds,
        "a number of seconds",
        "3600",
        default=3600,
    ),
    Variable(
        "DJANGO_SECURE_HSTS_INCLUDE_SUBDOMAINS",
        values.boolean,
        "true or false",
        "false",
        default=False,
    ),
    Variable(
        "DJANGO_SECURE_HSTS_PRELOAD",
        values.boolean,
        "true or false",
        "false",
        default=False,
    ),
    Variable(
        "DJANGO_LOG_LEVEL",
        values.log_level,
        "DEBUG, INFO, WARNING or ERROR",
        "INFO",
        default="INFO",
    ),
    Variable(
        "DJANGO_LOG_JSON",
        values.boolean,
        "true or false",
        "true",
        default=False,
    ),
    Variable(
        "SENTRY_DSN",
        values.sentry_dsn,
        "the DSN that Sentry shows for the project",
        "https://key@sentry.{{ cookiecutter.domain_name }}/1",
        secret=True,
    ),
    Variable(
        "GIT_REV",
        values.text,
        "the commit that is deployed",
        "4f2a1c9",
        default="",
    ),
    Variable(
        "GA_TRACKER_ID",
        values.measurement_id,
        "a Google Analytics measurement ID",
        "G-XXXXXXXXXX",
        default="",
    ),
    Variable(
        "AWS_STORAGE_BUCKET_NAME",
        values.bucket,
        "the name of an S3-compatible bucket for uploads",
        "{{ cookiecutter.project_slug }}-media",
    ),
    Variable(
        "AWS_S3_ENDPOINT_URL",
        values.web_address,
        "the address of a service other than Amazon's (MinIO, Alibaba Cloud OSS)",
        "https://s3.oss-cn-hangzhou.aliyuncs.com",
    ),
    Variable(
        "AWS_S3_ADDRESSING_STYLE",
        values.addressing_style,
        "auto, path or virtual",
        "virtual",
        default="auto",
    ),
    Variable(
        "AWS_S3_REGION_NAME",
        values.text,
        "the bucket's region",
        "eu-central-1",
    ),
    Variable(
        "AWS_S3_CUSTOM_DOMAIN",
        values.host,
        "the host that serves the bucket's files to visitors",
        "media.{{ cookiecutter.domain_name }}",
    ),
    Variable(
        "AWS_ACCESS_KEY_ID",
        values.text,
        "the ID of an access key",
        "AKIA...",
        secret=True,
    ),
    Variable(
        "AWS_SECRET_ACCESS_KEY",
        values.text,
        "the secret of that access key",
        "what the service showed when the key was made",
        secret=True,
    ),
]


def raw_text(variable: Variable, environment: Mapping[str, str]) -> str:
    """Return the variable's text, from its file if it is a secret kept in one."""
    value = environment.get(variable.name, "")
    file = environment.get(f"{variable.name}_FILE", "")
    if not value.strip() and variable.secret and file.strip():
        try:
            value = Path(file).read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeError) as error:
            raise ValueError(f"cannot be read from {file} ({type(error).__name__})") from None
    return value if value.strip() else ""  # empty is treated as missing


def read(
    environment: Mapping[str, str], production: bool = False
) -> tuple[dict[str, Any], list[str]]:
    """Return the values of all variables, and a line for each that cannot be used."""
    found: dict[str, Any] = {}
    problems: list[str] = []
    for variable in VARIABLES:
        found[variable.name] = variable.default
        try:
            value = raw_text(variable, environment)
            if value:
                found[variable.name] = variable.parse(value)
            elif production and variable.required:
                raise ValueError("is missing")
        except ValueError as error:
            problems.append(
                f"{variable.name} {error}; expected {variable.expected},"
                f" for example {variable.example}"
            )
    return found, problems


def read_dotenv(path: Path) -> list[str]:
    """Put a .env file's lines into os.environ, where what is there already wins."""
    if not path.exists():
        return []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        return [f"{path.name} is not UTF-8 text; expected a file that an editor saved as UTF-8"]
    environ.Env.read_env(path)
    # django-environ passes over lines that it cannot read, such as « NAME = value ».
    is_fine = re.compile(r"\s*(#.*)?|(export )?[A-Za-z_0-9]+=.*").fullmatch
    return [
        f"{path.name}, line {number}, is not understood; expected NAME=value without spaces"
        " around the =, for example DJANGO_LOG_LEVEL=INFO"
        for number, line in enumerate(lines, start=1)
        if not is_fine(line)
    ]


class Environment:
    """The values of all variables, once ``load`` has been called."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def load(self, production: bool = False, dotenv: bool = False) -> None:
        """Read the environment, or say everything that is wrong with it and end."""
        problems = read_dotenv(DOTENV) if dotenv else []
        self.values, more = read(os.environ, production)
        problems += more
        if problems:
            count = "a problem" if len(problems) == 1 else f"{len(problems)} problems"
            print(f"The environment has {count}:", file=sys.stderr)
            print(*(f"  {problem}" for problem in problems), sep="\n", file=sys.stderr)
            sys.exit(STARTUP_FAILURE)


env = Environment()

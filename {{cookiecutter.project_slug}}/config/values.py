"""How the text of an environment variable becomes a value.

Each function takes the text and returns the value, or raises ValueError saying what is
wrong (never what the value was: it may be a secret). The table in environment.py says
which variable is read by which function.
"""

import re
from email.utils import getaddresses
from importlib.util import find_spec
from typing import Any
from urllib.parse import SplitResult, urlsplit

import environ

# A key that begins like this stands in a file that everyone can read.
PLACEHOLDER_KEYS = ("django-insecure-", "local-insecure-")

HOST = r"\.?[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*|\[[0-9a-fA-F:.]+\]"
EMAIL_ADDRESS = r"[^@\s<>,]+@[^@\s<>,]+"

CACHE_BACKENDS = {
    "redis": "django.core.cache.backends.redis.RedisCache",
    "rediss": "django.core.cache.backends.redis.RedisCache",
    "pymemcache": "django.core.cache.backends.memcached.PyMemcacheCache",
    "dbcache": "django.core.cache.backends.db.DatabaseCache",
    "locmemcache": "django.core.cache.backends.locmem.LocMemCache",
}


def needs(module: str, package: str) -> None:
    """Refuse a value whose package is not installed, with the command that adds it."""
    if find_spec(module) is None:
        raise ValueError(f'needs a package; add it with: uv add "{package}"')


def split_url(value: str, schemes: set[str]) -> SplitResult:
    """Take a URL apart; the errors of urllib are not passed on, as they show parts of it."""
    try:
        url = urlsplit(value.strip())
        # PostgreSQL and Redis take several hosts: host1:5432,host2:5432
        several = "," in url.netloc.rpartition("@")[2] and url.scheme.startswith(("postg", "redis"))
        well_formed = several or url.port is None or url.port > 0
    except ValueError:
        well_formed = False
    if not well_formed or url.fragment:
        raise ValueError("is malformed; in a password # is written %23, / %2F, @ %40")
    if url.scheme not in schemes:
        known = " ".join(f"{scheme}://" for scheme in sorted(schemes))
        raise ValueError(f"begins with none of {known}")
    return url


def text(value: str) -> str:
    return value.strip()


def comma_separated(value: str) -> list[str]:
    words = [word.strip() for word in value.split(",") if word.strip()]
    if not words:
        raise ValueError("names nothing")
    return words


def boolean(value: str) -> bool:
    word = value.strip().lower()
    if word in {"true", "yes", "on", "1"}:
        return True
    if word in {"false", "no", "off", "0"}:
        return False
    raise ValueError("is neither true nor false")


def seconds(value: str) -> int:
    if not re.fullmatch(r"[0-9]{1,10}", value.strip()):
        raise ValueError("is not a whole number of seconds")
    return int(value)


def log_level(value: str) -> str:
    level = value.strip().upper()
    if level not in {"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"}:
        raise ValueError("is not a level of logging")
    return level


def secret_key(value: str) -> str:
    if value.startswith(PLACEHOLDER_KEYS):
        raise ValueError("is a placeholder that everyone knows")
    if len(value) < 50 or len(set(value)) < 5:
        raise ValueError("is too short or too simple")
    return value


def secret_keys(value: str) -> list[str]:
    return [secret_key(key) for key in comma_separated(value)]


def hosts(value: str) -> list[str]:
    names = comma_separated(value)
    if "*" in names:
        raise ValueError("allows every host, so anyone can forge one")
    if not all(re.fullmatch(HOST, name) for name in names):
        raise ValueError("has something other than bare host names")
    return names


def origins(value: str) -> list[str]:
    addresses = comma_separated(value)
    if not all(re.fullmatch(r"https?://[^/\s]+", address) for address in addresses):
        raise ValueError("has something other than a scheme and a host")
    return addresses


def sender(value: str) -> str:
    if len(mailboxes(value)) > 1:
        raise ValueError("has more than one email address")
    return value.strip()


def mailboxes(value: str) -> list[tuple[str, str]]:
    pairs = getaddresses([value])
    if not all(re.fullmatch(EMAIL_ADDRESS, email) for _, email in pairs):
        raise ValueError("is not made of email addresses")
    return pairs


def admins(value: str) -> list[Any]:
    # % if cookiecutter.django_version == "5.2"
    people = mailboxes(value)
    # % else
    people = [email for _, email in mailboxes(value)]
    # % endif
    return people


def host(value: str) -> str:
    if not re.fullmatch(HOST, value.strip()):
        raise ValueError("is not a bare host name")
    return value.strip()


def web_address(value: str) -> str:
    if not split_url(value, {"http", "https"}).hostname:
        raise ValueError("names no host")
    return value.strip()


def sentry_dsn(value: str) -> str:
    needs("sentry_sdk", "sentry-sdk")
    url = split_url(value, {"http", "https"})
    if not (url.hostname and url.username and re.fullmatch(r"/(.*/)?[0-9]+", url.path)):
        raise ValueError("lacks the key, the host or the number of the project")
    return value.strip()


def measurement_id(value: str) -> str:
    if not re.fullmatch(r"[A-Z]+-[A-Z0-9-]+", value.strip()):
        raise ValueError("is not a measurement ID")
    return value.strip()


def bucket(value: str) -> str:
    needs("storages", "django-storages[s3]")
    needs("boto3", "django-storages[s3]")
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", value.strip()):
        raise ValueError("is not a name that a bucket can have")
    return value.strip()


def addressing_style(value: str) -> str:
    if value.strip() not in {"auto", "path", "virtual"}:
        raise ValueError("is none of the three styles")
    return value.strip()


def database(value: str) -> dict[str, Any]:
    """Return an entry of DATABASES."""
    url = split_url(value, {"postgres", "postgresql", "postgis", "mysql", "sqlite"})
    if url.scheme == "sqlite" and url.netloc:
        raise ValueError("has too few slashes (sqlite:///db.sqlite3, sqlite:////srv/db.sqlite3)")
    if url.scheme == "mysql":
        needs("MySQLdb", "mysqlclient")
    config = dict(environ.Env.db_url_config(value.strip()))
    if not url.path.strip("/"):
        raise ValueError("names no database")
    if not isinstance(config.get("CONN_MAX_AGE", 0), int):
        raise ValueError("has a conn_max_age that is not a number of seconds")
    return config


def cache(value: str) -> dict[str, Any]:
    """Return an entry of CACHES."""
    # Valkey speaks Redis' protocol; under its own name django-environ loses the database.
    value = re.sub("^valkey", "redis", value.strip())
    url = split_url(value, set(CACHE_BACKENDS))
    if url.scheme in {"redis", "rediss"}:
        needs("redis", "redis")
    if url.scheme == "pymemcache":
        needs("pymemcache", "pymemcache")
    return dict(environ.Env.cache_url_config(value, backend=CACHE_BACKENDS[url.scheme]))


def mail_server(value: str) -> dict[str, Any]:
    """Return the options of Django's SMTP backend."""
    url = split_url(value, {"smtp", "smtp+tls", "smtp+ssl", "smtps"})
    if not url.hostname:
        raise ValueError("names no server")
    # "smtps" usually means TLS from the first byte, on port 465; django-environ takes it
    # for STARTTLS. The port decides.
    from_the_start = url.scheme == "smtp+ssl" or (url.scheme == "smtps" and url.port == 465)
    starttls = url.scheme != "smtp" and not from_the_start
    config = environ.Env.email_url_config(value.strip())
    return {
        "host": config["EMAIL_HOST"],
        "port": config["EMAIL_PORT"] or (465 if from_the_start else 587 if starttls else 25),
        "username": config["EMAIL_HOST_USER"] or "",
        "password": config["EMAIL_HOST_PASSWORD"] or "",
        "use_tls": starttls,
        "use_ssl": from_the_start,
    }

"""Settings for production, used by wsgi.py and asgi.py.

The environment says what differs from one deployment to the next; .env.example lists the
variables. The site does not start while one is missing or malformed. DEBUG is no variable:
a mistyped one would show settings and source code to every visitor.
"""

from config.environment import env

env.load(production=True)

from .base import *  # noqa: E402, F403
from .base import DATABASES, GIT_REV  # noqa: E402

DEBUG = False

# Database. A connection serves many requests, and a broken one is replaced before use.

DATABASES["default"]["CONN_HEALTH_CHECKS"] = True

if "postg" in DATABASES["default"]["ENGINE"]:
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 5)  # seconds
    # % if cookiecutter.postgres_driver == "psycopg"
    # Each process keeps a pool; the server must allow processes x max_size connections.
    # https://www.psycopg.org/psycopg3/docs/advanced/pool.html
    DATABASES["default"]["OPTIONS"]["pool"] = {"min_size": 1, "max_size": 10, "timeout": 5}
    DATABASES["default"]["CONN_MAX_AGE"] = 0  # the pool keeps them
else:
    DATABASES["default"].setdefault("CONN_MAX_AGE", 60)  # seconds

# % else
# https://docs.djangoproject.com/en/{{ cookiecutter.django_version }}/ref/databases/#persistent-connections
DATABASES["default"].setdefault("CONN_MAX_AGE", 60)  # seconds

# % endif
# Mail. A mail server that hangs must not hold up a request for long.

# % if cookiecutter.django_version == "5.2"
EMAIL_HOST = env["EMAIL_URL"]["host"]
EMAIL_PORT = env["EMAIL_URL"]["port"]
EMAIL_HOST_USER = env["EMAIL_URL"]["username"]
EMAIL_HOST_PASSWORD = env["EMAIL_URL"]["password"]
EMAIL_USE_TLS = env["EMAIL_URL"]["use_tls"]
EMAIL_USE_SSL = env["EMAIL_URL"]["use_ssl"]
EMAIL_TIMEOUT = 10  # seconds

# % else
MAILERS = {
    "default": {
        "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "OPTIONS": {**env["EMAIL_URL"], "timeout": 10},  # seconds
    },
}

# % endif
# HTTPS. The server tells Django whether a request came over it: gunicorn and uvicorn
# believe X-Forwarded-Proto from the proxies that FORWARDED_ALLOW_IPS names.

SECURE_SSL_REDIRECT = env["DJANGO_SECURE_SSL_REDIRECT"]

# Browsers remember this, so begin with an hour and raise it step by step to a year.
# https://docs.djangoproject.com/en/{{ cookiecutter.django_version }}/ref/middleware/#http-strict-transport-security
SECURE_HSTS_SECONDS = env["DJANGO_SECURE_HSTS_SECONDS"]
SECURE_HSTS_INCLUDE_SUBDOMAINS = env["DJANGO_SECURE_HSTS_INCLUDE_SUBDOMAINS"]
SECURE_HSTS_PRELOAD = env["DJANGO_SECURE_HSTS_PRELOAD"]

# W005 and W021 ask for subdomains and preload. Both bind hosts other than this one, and
# preload cannot be taken back for months, so they are for their owner to turn on.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]

# Cookies. Under the __Host- prefix a browser takes a cookie only over HTTPS and from this
# very host. https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Set-Cookie

SESSION_COOKIE_NAME = "__Host-sessionid"
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_NAME = "__Host-csrftoken"
CSRF_COOKIE_SECURE = True
CSRF_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_NAME = "__Host-language"
LANGUAGE_COOKIE_SECURE = True
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"

# Error tracking

if env["SENTRY_DSN"]:
    import sentry_sdk

    sentry_sdk.init(dsn=env["SENTRY_DSN"], release=GIT_REV or None, send_default_pii=False)

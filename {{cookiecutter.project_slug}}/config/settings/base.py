"""What is true everywhere. What differs is in local.py, production.py and test.py.

https://docs.djangoproject.com/en/{{ cookiecutter.django_version }}/ref/settings/
"""

from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _

from config.environment import env

BASE_DIR = Path(__file__).resolve().parent.parent.parent

SITE_NAME = "{{ cookiecutter.project_name | quoted }}"
SITE_DESCRIPTION = "{{ cookiecutter.description | quoted }}"

# Applications

INSTALLED_APPS = [
    "core",
    "users",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]

# Static files are served before any of these, by config/static.py. The order matters:
# https://docs.djangoproject.com/en/{{ cookiecutter.django_version }}/ref/middleware/#middleware-ordering
MIDDLEWARE = [
    "core.health.HealthMiddleware",
    "core.middleware.RequestLogMiddleware",
    "core.middleware.ExtraHeadersMiddleware",
    # % if cookiecutter.django_version == "5.2"
    "csp.middleware.CSPMiddleware",
    # % else
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    # % endif
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "config.urls"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "core.context_processors.site",
            ],
        },
    },
]

# Secrets and hosts

SECRET_KEY = env["DJANGO_SECRET_KEY"]
SECRET_KEY_FALLBACKS = env["DJANGO_SECRET_KEY_FALLBACKS"]
ALLOWED_HOSTS = env["DJANGO_ALLOWED_HOSTS"]
CSRF_TRUSTED_ORIGINS = env["DJANGO_CSRF_TRUSTED_ORIGINS"]

# Database

DATABASES = {
    "default": env["DATABASE_URL"]
    or {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "db.sqlite3"},
}

if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # Readers and a writer at the same time, writers that wait for each other:
    # https://docs.djangoproject.com/en/{{ cookiecutter.django_version }}/ref/databases/#sqlite-notes
    DATABASES["default"]["NAME"] = BASE_DIR / DATABASES["default"]["NAME"]
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 10,  # seconds
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL",
        **DATABASES["default"].get("OPTIONS", {}),
    }

# % if cookiecutter.django_version == "5.2"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# % endif
# Cache

CACHES = {
    "default": env["CACHE_URL"] or {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
}

# Users

AUTH_USER_MODEL = "users.User"

AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
    },
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
    },
    {
        "NAME": "django.contrib.auth.password_validation.CommonPasswordValidator",
    },
    {
        "NAME": "django.contrib.auth.password_validation.NumericPasswordValidator",
    },
]

# Languages and time

LANGUAGE_CODE = "{{ cookiecutter.language }}"
LANGUAGES = [("en", _("English")), ("zh-hans", _("Simplified Chinese"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "{{ cookiecutter.timezone }}"
USE_TZ = True

# Static files and uploads

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_URL = "/media/"
MEDIA_ROOT = BASE_DIR / "media"

STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    # Compressed, and named by a digest of the content so that browsers keep them for ever.
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

if env["AWS_STORAGE_BUCKET_NAME"]:
    from config.storage import bucket_origins, bucket_storage

    STORAGES["default"] = bucket_storage(env)

# Mail

ADMINS = env["DJANGO_ADMINS"]
DEFAULT_FROM_EMAIL = env["DEFAULT_FROM_EMAIL"]
SERVER_EMAIL = env["SERVER_EMAIL"] or DEFAULT_FROM_EMAIL
EMAIL_SUBJECT_PREFIX = f"{env['DJANGO_EMAIL_SUBJECT_PREFIX']} "

# Security headers

# Nothing may be loaded but what is named here. Scripts and styles live in files, never in
# the page. https://developer.mozilla.org/docs/Web/HTTP/Guides/CSP
policy = {
    "default-src": ["'none'"],
    "script-src": ["'self'"],
    "style-src": ["'self'"],
    "img-src": ["'self'"],
    "font-src": ["'self'"],
    "connect-src": ["'self'"],
    "form-action": ["'self'"],
    "base-uri": ["'none'"],
    "frame-ancestors": ["'none'"],
}

if env["AWS_STORAGE_BUCKET_NAME"]:
    policy["img-src"] += bucket_origins(env)

if env["GA_TRACKER_ID"]:
    policy["script-src"].append("https://www.googletagmanager.com")
    policy["img-src"].append("https://*.google-analytics.com")
    policy["connect-src"].append("https://*.google-analytics.com")

# % if cookiecutter.django_version == "5.2"
CONTENT_SECURITY_POLICY = {"DIRECTIVES": policy}
# % else
SECURE_CSP = policy
# % endif
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

CSRF_FAILURE_VIEW = "core.errors.csrf_failure"

# Errors and logs

DEFAULT_EXCEPTION_REPORTER = "core.error_mail.Reporter"
DEFAULT_EXCEPTION_REPORTER_FILTER = "core.error_mail.SecretsFilter"

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "request_id": {"()": "core.log.RequestIdFilter"},
        "not_debug": {"()": "django.utils.log.RequireDebugFalse"},
        "not_repeated": {"()": "core.error_mail.RepeatedErrorFilter"},
    },
    "formatters": {
        "plain": {
            "format": "{asctime} {levelname} {name} [{request_id}] {message}",
            "style": "{",
        },
        "json": {"()": "core.log.JsonFormatter"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "stream": "ext://sys.stdout",
            "filters": ["request_id"],
            "formatter": "json" if env["DJANGO_LOG_JSON"] else "plain",
        },
        "mail_admins": {
            "class": "core.error_mail.AdminMailHandler",
            "level": "ERROR",
            "filters": ["not_debug", "not_repeated"],
        },
    },
    "root": {"handlers": ["console", "mail_admins"], "level": env["DJANGO_LOG_LEVEL"]},
    "loggers": {
        # Everything that Django logs goes to the root's handlers, error mail included.
        "django": {"handlers": [], "level": "NOTSET", "propagate": True},
        # Each request has its line already, from RequestLogMiddleware.
        "django.request": {"level": "ERROR"},
        # What strangers provoke at will is logged, but mails nobody.
        "django.security": {"handlers": ["console"], "propagate": False},
        "django.security.DisallowedHost": {"level": "CRITICAL"},
    },
}

# Shown by templates, through core.context_processors.site

GIT_REV = env["GIT_REV"]
GA_TRACKER_ID = env["GA_TRACKER_ID"]

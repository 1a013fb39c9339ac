"""Settings for the tests: as in production where it matters, and quick."""

from config.environment import env

env.load(dotenv=True)

from .base import *  # noqa: E402, F403
from .base import STORAGES  # noqa: E402

DEBUG = False
# % if cookiecutter.django_version == "5.2"
ADMINS = [("Ann", "ann@example.com")]
# % else
ADMINS = ["ann@example.com"]
MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}
# % endif
SECRET_KEY = "test-key-that-protects-nothing-but-is-long-enough-for-the-checks"

# Hashing passwords is slow on purpose; tests make many users.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# No collectstatic before the tests.
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}

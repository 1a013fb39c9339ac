"""Settings for development, used by manage.py unless the environment names others."""

from config.environment import env

env.load(dotenv=True)

from .base import *  # noqa: E402, F403
from .base import LOGGING, SECRET_KEY  # noqa: E402

DEBUG = True

# For a checkout without .env; production refuses this key.
SECRET_KEY = SECRET_KEY or "local-insecure-key-that-stands-in-a-file-everyone-can-read"

# Mail is printed in the terminal.
# % if cookiecutter.django_version == "5.2"
EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
# % else
MAILERS = {"default": {"BACKEND": "django.core.mail.backends.console.EmailBackend"}}
# % endif
LOGGING["loggers"]["core.request"] = {"level": "WARNING"}  # runserver prints its own lines

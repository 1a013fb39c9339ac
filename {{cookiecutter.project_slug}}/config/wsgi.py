"""The WSGI application, for gunicorn and its like.

https://docs.djangoproject.com/en/{{ cookiecutter.django_version }}/howto/deployment/wsgi/
"""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")

django_application = get_wsgi_application()

from config.static import static_files  # noqa: E402 (needs the settings)

application = static_files(django_application)

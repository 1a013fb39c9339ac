"""The home page."""

import sys

import django
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _


def home(request: HttpRequest) -> HttpResponse:
    """The site's home page; while developing, also the next steps and the configuration."""
    context = {"configuration": configuration()} if settings.DEBUG else {}
    return render(request, "home.html", context)


def configuration() -> dict[str, str]:
    """What the settings and the environment came to, at a glance; no secrets."""
    return {
        "Django": django.get_version(),
        "Python": sys.version.split()[0],
        _("Settings"): settings.SETTINGS_MODULE,
        _("Database"): settings.DATABASES["default"]["ENGINE"].rpartition(".")[2],
        _("Cache"): settings.CACHES["default"]["BACKEND"].rpartition(".")[2],
        _("Uploads"): settings.STORAGES["default"]["BACKEND"].rpartition(".")[2],
        _("Language"): settings.LANGUAGE_CODE,
        _("Time zone"): settings.TIME_ZONE,
    }

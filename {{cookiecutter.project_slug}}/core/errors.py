"""The pages that visitors see when something goes wrong.

They stand alone: no database, no static manifest and no context are needed, so they work
when those are what failed. config/urls.py and CSRF_FAILURE_VIEW name these views.
"""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.cache import patch_vary_headers


def error_page(request: HttpRequest, status: int, template: str) -> HttpResponse:
    """Render a page in the visitor's language, which may not have been found out yet."""
    language = translation.get_language_from_request(request)
    with translation.override(language):
        html = render_to_string(template, {"SITE_NAME": settings.SITE_NAME})
    response = HttpResponse(html, status=status, headers={"Content-Language": language})
    patch_vary_headers(response, ["Accept-Language", "Cookie"])
    return response


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    # Django's own view of this name reads the form again, which fails again when the form
    # is what was bad.
    return error_page(request, 400, "400.html")


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_page(request, 403, "403.html")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return error_page(request, 403, "403_csrf.html")


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_page(request, 404, "404.html")


def server_error(request: HttpRequest) -> HttpResponse:
    return error_page(request, 500, "500.html")

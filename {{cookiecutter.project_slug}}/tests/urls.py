"""The site's addresses, and some at which things go wrong."""

from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.urls import path, reverse

from config.urls import handler400, handler403, handler404, handler500
from config.urls import urlpatterns as site_urlpatterns

__all__ = ["handler400", "handler403", "handler404", "handler500"]


def fail(request):
    raise RuntimeError("the view is broken")


def fail_otherwise(request):
    raise KeyError("the view is broken in another place")


def fail_in_django(request):
    reverse("no-such-name")


def fail_in_django_too(request):
    reverse("no-such-name")


def forbid(request):
    raise PermissionDenied


def suspect(request):
    raise SuspiciousOperation


def read_form(request):
    return request.POST["name"]


urlpatterns = [
    *site_urlpatterns,
    path("fail/", fail),
    path("fail-otherwise/", fail_otherwise),
    path("fail-in-django/", fail_in_django),
    path("fail-in-django-too/", fail_in_django_too),
    path("forbid/", forbid),
    path("suspect/", suspect),
    path("read-form/", read_form),
]

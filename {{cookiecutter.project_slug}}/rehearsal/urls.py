"""Addresses that a rehearsed copy of the site has in addition; production never has them."""

import os
import time

from django.conf import settings
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.core.signing import Signer
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt
from django.views.i18n import set_language


def process(request: HttpRequest) -> HttpResponse:
    """Say which process answers, and on which settings."""
    signature = Signer().sign("rehearsal")
    about = {"settings": settings.SETTINGS_MODULE, "debug": settings.DEBUG, "signed": signature}
    return JsonResponse({"pid": os.getpid(), **about})


def visit(request: HttpRequest) -> HttpResponse:
    """Remember the visitor, and send the token that a form would have."""
    request.session["visited"] = True
    return HttpResponse(get_token(request))


def page(request: HttpRequest, marker: str) -> HttpResponse:
    return HttpResponse(marker)


def slow(request: HttpRequest) -> HttpResponse:
    print("a slow request has begun", flush=True)
    time.sleep(0.5)
    return HttpResponse("finished")


def suspicious(request: HttpRequest) -> HttpResponse:
    raise SuspiciousOperation("rehearsal: the request is suspicious")


def forbidden(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied("rehearsal: the visitor may not see this")


# One function for each purpose, so that the site can tell the errors apart.


def fail(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("rehearsal: this view is broken")


def fail_while_mail_is_away(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("rehearsal: broken while no mail can be sent")


def fail_at_first(request: HttpRequest, marker: str) -> HttpResponse:
    raise RuntimeError(f"rehearsal {marker}: the first of the errors")


@csrf_exempt
def fail_and_mail(request: HttpRequest, marker: str) -> HttpResponse:
    raise RuntimeError(f"rehearsal {marker}: {len(request.POST)} fields cannot be used")


def fail_often(request: HttpRequest, marker: str) -> HttpResponse:
    raise RuntimeError(f"rehearsal {marker}: broken again")


# After something that should mail nothing more, an error whose mail comes later than any other.


def fail_after_forged_host(request: HttpRequest, marker: str) -> HttpResponse:
    raise RuntimeError(f"rehearsal {marker}: broken after a forged host")


def fail_after_exception(request: HttpRequest, marker: str) -> HttpResponse:
    raise RuntimeError(f"rehearsal {marker}: broken after an exception")


def fail_after_many(request: HttpRequest, marker: str) -> HttpResponse:
    raise RuntimeError(f"rehearsal {marker}: broken after many errors")


def fail_after_probe(request: HttpRequest, marker: str) -> HttpResponse:
    raise RuntimeError(f"rehearsal {marker}: broken after a probe")


urlpatterns = [
    path(
        "rehearsal/",
        include(
            [
                path("process/", process),
                path("visit/", visit),
                path("language/", set_language),
                path("page/<marker>/", page),
                path("slow/", slow),
                path("suspicious/", suspicious),
                path("forbidden/", forbidden),
                path("fail/", fail),
                path("fail-while-mail-is-away/", fail_while_mail_is_away),
                path("fail-at-first/<marker>/", fail_at_first),
                path("fail-and-mail/<marker>/", fail_and_mail),
                path("fail-often/<marker>/", fail_often),
                path("fail-after-forged-host/<marker>/", fail_after_forged_host),
                path("fail-after-exception/<marker>/", fail_after_exception),
                path("fail-after-many/<marker>/", fail_after_many),
                path("fail-after-probe/<marker>/", fail_after_probe),
            ]
        ),
    ),
]

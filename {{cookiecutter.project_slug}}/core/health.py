"""Health checks for load balancers and platforms.

/livez   the process answers. When it does not, restart the process.
/readyz  the database and the cache answer too. When not, send visitors elsewhere: a
         restart would not help.

A middleware, because probes come by IP address and over plain HTTP: ahead of the checks
of the host and of the redirect to HTTPS, which are for visitors.
"""

import logging
from collections.abc import Callable
from typing import Any

from asgiref.sync import sync_to_async
from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse

from core.middleware import Middleware

logger = logging.getLogger(__name__)


def check_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def check_cache() -> None:
    cache.set("readyz", "ok", timeout=10)
    if cache.get("readyz") is None:
        raise RuntimeError("the cache forgot what was just stored")


CHECKS: dict[str, Callable[[], None]] = {"database": check_database, "cache": check_cache}


def live() -> HttpResponse:
    return JsonResponse({"status": "ok"})


def ready() -> HttpResponse:
    """Answer 200, or 503 naming what failed; why it failed is for the log only."""
    failed = []
    for name, check in CHECKS.items():
        try:
            check()
        except Exception as error:
            logger.warning("Not ready: %s (%s)", name, type(error).__name__)
            failed.append(name)
    if failed:
        response = JsonResponse({"status": "failed", "failed": failed}, status=503)
        response._has_been_logged = True  # type: ignore[attr-defined] # no error mail
        return response
    return JsonResponse({"status": "ok"})


PATHS = {"/livez": live, "/readyz": ready}


class HealthMiddleware(Middleware):
    def answer(self, request: HttpRequest) -> HttpResponse:
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        response = PATHS[request.path]()
        response["Cache-Control"] = "no-store"
        return response

    def __call__(self, request: HttpRequest) -> Any:
        if self.is_async or request.path not in PATHS:
            return super().__call__(request)
        return self.answer(request)

    async def acall(self, request: HttpRequest) -> HttpResponse:
        if request.path not in PATHS:
            return await super().acall(request)
        # The checks wait for the database and the cache, so they get a thread.
        return await sync_to_async(self.answer)(request)

"""A request id and a line in the log for each request, and headers that Django lacks.

Under ASGI a synchronous middleware would send every request to another thread and back,
so these are asynchronous there.

https://docs.djangoproject.com/en/stable/topics/http/middleware/
"""

import logging
import re
import time
import uuid
from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponse
from django.utils.encoding import escape_uri_path

from core.log import request_id

logger = logging.getLogger("core.request")

# Features of the browser that this site has no use for.
# https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Permissions-Policy
PERMISSIONS_POLICY = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"


class Middleware:
    """Calls ``before`` and ``after``, which must not wait for anything, on the way."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        if self.is_async:
            return self.acall(request)
        self.before(request)
        response = self.get_response(request)
        self.after(request, response)
        return response

    async def acall(self, request: HttpRequest) -> HttpResponse:
        self.before(request)
        response = await self.get_response(request)
        self.after(request, response)
        return response

    def before(self, request: HttpRequest) -> None:
        """Look at the request, or change it."""

    def after(self, request: HttpRequest, response: HttpResponse) -> None:
        """Look at the response, or change it."""


class RequestLogMiddleware(Middleware):
    """Gives each request an id (the proxy's, if it sent one) and a line in the log."""

    def before(self, request: HttpRequest) -> None:
        given = request.headers.get("X-Request-ID", "")
        request_id.set(given if re.fullmatch(r"[\w.-]{8,64}", given, re.A) else uuid.uuid4().hex)
        request.started = time.perf_counter()  # type: ignore[attr-defined]

    def after(self, request: HttpRequest, response: HttpResponse) -> None:
        response["X-Request-ID"] = request_id.get()
        fields = {
            "method": request.method,
            # Without the query, which may hold what is nobody's business.
            "path": escape_uri_path(request.path),
            "status": response.status_code,
            "milliseconds": round(1000 * (time.perf_counter() - request.started)),  # type: ignore[attr-defined]
        }
        logger.info("%(method)s %(path)s %(status)s %(milliseconds)s ms", fields, extra=fields)
        request_id.set("-")  # the thread serves others next, also some that do not come by here


class ExtraHeadersMiddleware(Middleware):
    """Adds security headers for which Django has no setting."""

    def after(self, request: HttpRequest, response: HttpResponse) -> None:
        response.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.setdefault("Permissions-Policy", PERMISSIONS_POLICY)

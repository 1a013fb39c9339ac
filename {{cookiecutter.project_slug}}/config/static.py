"""Serves static files ahead of Django, by WhiteNoise, for wsgi.py and asgi.py alike.

WhiteNoise's own middleware is synchronous: under ASGI it would send every request, also
those for pages, to another thread and back.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit
from wsgiref.headers import Headers

from django.conf import settings
from whitenoise import WhiteNoise

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

CHUNK = 64 * 1024  # bytes


def add_headers(headers: Headers, path: str, url: str) -> None:
    """Give a file the security headers that a page gets from the middleware."""
    headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    headers["X-Content-Type-Options"] = "nosniff"


def static_files(application: Any) -> WhiteNoise:
    """Wrap a WSGI application: what « manage.py collectstatic » collected is served first."""
    return WhiteNoise(
        application,
        root=settings.STATIC_ROOT,
        prefix=urlsplit(settings.STATIC_URL).path,
        # The digest that the staticfiles storage puts into a name: site.0123456789ab.css
        immutable_file_test=r"\.[0-9a-f]{12}\.[^/]+$",
        allow_all_origins=False,
        add_headers_function=add_headers,
    )


class AsyncStaticFiles:
    """Wrap an ASGI application: the same files, from WhiteNoise's own table of them."""

    def __init__(self, application: Any) -> None:
        self.application = application
        self.files = static_files(None).files

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        file = self.files.get(scope["path"]) if scope["type"] == "http" else None
        if file is None:
            await self.application(scope, receive, send)
            return
        # WhiteNoise takes the request's headers as WSGI spells them.
        headers = {
            "HTTP_" + name.decode("latin-1").upper().replace("-", "_"): value.decode("latin-1")
            for name, value in scope["headers"]
        }
        response = file.get_response(scope["method"], headers)
        await send(
            {
                "type": "http.response.start",
                "status": int(response.status),
                "headers": [
                    (name.lower().encode("latin-1"), value.encode("latin-1"))
                    for name, value in response.headers
                ],
            }
        )
        if response.file is None:
            await send({"type": "http.response.body"})
            return
        with response.file as content:
            while chunk := content.read(CHUNK):
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body"})

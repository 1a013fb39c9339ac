"""The ASGI application, for uvicorn and its like.

https://docs.djangoproject.com/en/{{ cookiecutter.django_version }}/howto/deployment/asgi/
"""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")

django_application = get_asgi_application()

from django.conf import settings  # noqa: E402 (needs the settings)

from config.static import AsyncStaticFiles, Message, Receive, Send  # noqa: E402

# Under ASGI each request has a thread of its own for the database, so a connection that
# outlived its request would never be used again.
for database in settings.DATABASES.values():
    database["CONN_MAX_AGE"] = 0

http_application = AsyncStaticFiles(django_application)


async def application(scope: Message, receive: Receive, send: Send) -> None:
    """Pass HTTP on; answer for what Django does not speak, which it would log as an error."""
    if scope["type"] == "lifespan":
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        await send({"type": "lifespan.shutdown.complete"})
    elif scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close"})
    else:
        await http_application(scope, receive, send)

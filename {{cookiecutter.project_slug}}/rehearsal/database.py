"""A database for the rehearsal alone, removed afterwards."""

import secrets
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from django.db import Error
from django.db.utils import ConnectionHandler

from config import values


def run_on_server(server_url: str, command: str, name: str) -> None:
    """Run a command about a whole database.

    Raises:
        ValueError: with one line for people, when the URL or its user will not do.
    """
    try:
        connection = ConnectionHandler({"default": values.database(server_url)})["default"]
        # The cursor with which Django makes and removes its test databases.
        with warnings.catch_warnings(action="ignore"), connection._nodb_cursor() as cursor:
            cursor.execute(f"{command} {connection.ops.quote_name(name)}")
    except (ValueError, Error) as error:
        raise ValueError(
            f"REHEARSAL_DATABASE_URL cannot be used: {str(error).strip().splitlines()[0]};"
            " expected a server on which its user may create databases, for example"
            " postgres://user:password@localhost:5432/postgres"
        ) from None


@contextmanager
def temporary_database(server_url: str, folder: Path) -> Iterator[str]:
    """Yield the URL of an empty database: on this server, or SQLite in the folder."""
    if not server_url or server_url.startswith("sqlite"):
        yield f"sqlite:///{folder / 'db.sqlite3'}"
        return
    name = f"rehearsal_{secrets.token_hex(6)}"
    run_on_server(server_url, "CREATE DATABASE", name)
    try:
        yield urlsplit(server_url)._replace(path=f"/{name}").geturl()
    finally:
        run_on_server(server_url, "DROP DATABASE", name)

"""A database for the rehearsal alone, removed afterwards."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from django.db.utils import ConnectionHandler

from config import values


@contextmanager
def temporary_database(server_url: str, folder: Path) -> Iterator[str]:
    """Yield the URL of an empty database: on this server, or SQLite in the folder if empty."""
    if not server_url or server_url.startswith("sqlite"):
        yield f"sqlite:///{folder / 'db.sqlite3'}"
        return
    name = f"rehearsal_{secrets.token_hex(6)}"
    handler = ConnectionHandler({"default": values.database(server_url)})
    connection = handler["default"]
    quoted = connection.ops.quote_name(name)
    # The cursor that Django makes its test databases with.
    with connection._nodb_cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {quoted}")
    try:
        yield urlsplit(server_url)._replace(path=f"/{name}").geturl()
    finally:
        with connection._nodb_cursor() as cursor:
            cursor.execute(f"DROP DATABASE {quoted}")

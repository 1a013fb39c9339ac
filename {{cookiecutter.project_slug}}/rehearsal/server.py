"""A server to look at from outside."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPMessage
from pathlib import Path

HOST = "www.example.com"
PATIENCE = 10  # seconds that anything may take before it counts as broken


class Broken(Exception):
    """Something that other promises rest on does not work."""


def free_port() -> int:
    """Return a port at which nobody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for(condition: Callable[[], object], what: str, seconds: float = PATIENCE) -> None:
    """Return as soon as the condition holds.

    Raises:
        AssertionError: when it does not hold within so many seconds.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} seconds for {what}")
        time.sleep(0.01)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", errors="replace")


class Server:
    """A server that is told to listen on $PORT; ``problem`` says why it does not answer."""

    def __init__(self, command: str, project: Path, environment: dict[str, str]) -> None:
        self.command = command
        self.project = project
        self.environment = environment
        self.problem = ""
        self.port = free_port()
        self.stdout = project.parent / f"{self.port}.stdout"
        self.stderr = project.parent / f"{self.port}.stderr"

    def start(self) -> None:
        with self.stdout.open("wb") as stdout, self.stderr.open("wb") as stderr:
            # « exec », so that signals reach the server and not the shell.
            # DJANGO_SETTINGS_MODULE is not set: wsgi.py and asgi.py must know it.
            self.process = subprocess.Popen(
                ["/bin/sh", "-c", f"exec {self.command}"],
                cwd=self.project,
                env={"WEB_CONCURRENCY": "2"} | self.environment | {"PORT": str(self.port)},
                stdout=stdout,
                stderr=stderr,
                start_new_session=True,
            )

    @property
    def log(self) -> str:
        files = (self.stdout, self.stderr)
        return "".join(file.read_text(encoding="utf-8", errors="replace") for file in files)

    def wait_until_ready(self) -> None:
        """Return once it answers HTTP, whatever it answers, or has a problem."""
        try:
            wait_for(self.answers, f"an answer on port {self.port}")
        except AssertionError as error:
            self.problem = str(error)

    def answers(self) -> bool:
        if self.process.poll() is not None:
            last = (self.log.strip() or "it printed nothing").splitlines()[-1].strip()
            raise AssertionError(f"it ended with status {self.process.returncode}: {last}")
        try:
            return bool(self.get("/livez"))
        except (OSError, HTTPException):
            return False

    def listens(self) -> bool:
        """Whether anybody takes connections on the port."""
        with socket.socket() as visitor:
            return visitor.connect_ex(("127.0.0.1", self.port)) == 0

    def connect(self, seconds: float = PATIENCE) -> HTTPConnection:
        """Return a connection for several requests, which one worker then answers."""
        return HTTPConnection("127.0.0.1", self.port, timeout=seconds)

    def get(
        self,
        path: str,
        headers: dict[str, str] | None = None,
        *,
        method: str = "GET",
        body: str | None = None,
        connection: HTTPConnection | None = None,
        seconds: float = PATIENCE,
    ) -> Answer:
        """Send a request as a proxy does that ended TLS, and return the answer."""
        http = connection or self.connect(seconds)
        try:
            sent = {"Host": HOST, "X-Forwarded-Proto": "https"} | (headers or {})
            http.request(method, path, body, sent)
            response = http.getresponse()
            return Answer(response.status, response.msg, response.read())
        finally:
            if connection is None:
                http.close()

    def post(self, path: str, body: str, headers: dict[str, str] | None = None) -> Answer:
        """Post a form."""
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.get(path, form | (headers or {}), method="POST", body=body)

    def kill(self) -> None:
        """Leave nothing running."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(PATIENCE)


@contextmanager
def ready(*servers: Server) -> Iterator[None]:
    """Start servers, wait until each answers or has a problem, and stop them all at the end."""
    with ExitStack() as stack:
        for server in servers:
            server.start()
            stack.callback(server.kill)
        for server in servers:
            server.wait_until_ready()
        yield

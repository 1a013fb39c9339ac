"""Does with a unit what systemd does with it, where no systemd runs: passes sockets, confines, waits for readiness."""

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path

from harness import confinement
from harness.serving import PATIENCE, run


def settings(unit: Path) -> dict[str, list[str]]:
    """Return all values of a unit file by their names, in their order."""
    found: dict[str, list[str]] = {}
    for line in unit.read_text(encoding="utf-8").splitlines():
        if line and line[0] not in "#;[":
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


@cache
def members(name: str) -> set[str]:
    """Return a system call, or those of a group such as @system-service, as systemd-analyze resolves it."""
    if not name.startswith("@"):
        return {name}
    listing = subprocess.run(["systemd-analyze", "syscall-filter", name], capture_output=True, text=True, check=True)
    lines = [line.strip() for line in listing.stdout.splitlines()[1:]]
    return set().union(*(members(line) for line in lines if line and not line.startswith("#")))


def system_calls(filters: list[str]) -> set[str]:
    """Return the system calls that ``SystemCallFilter=`` lines leave, as systemd-analyze resolves its groups."""

    def members(name: str) -> set[str]:
        if not name.startswith("@"):
            return {name}
        listing = subprocess.run(
            ["systemd-analyze", "syscall-filter", name], capture_output=True, text=True, check=True
        )
        lines = [line.strip() for line in listing.stdout.splitlines()[1:]]
        return set().union(*(members(line) for line in lines if line and not line.startswith("#")))

    allowed = members("@default")
    for line in filters:
        change = set().union(*map(members, line.removeprefix("~").split()))
        allowed = allowed - change if line.startswith("~") else allowed | change
    return allowed


class Service:
    """A service unit, and the socket that systemd holds for it."""

    def __init__(self, unit: Path, listener: socket.socket, programs: str, log: Path) -> None:
        self.settings = settings(unit)
        self.listener = listener
        self.log_file = log
        self.process: subprocess.Popen | None = None
        lines = list(self.settings.get("Environment", []))
        for path in self.settings.get("EnvironmentFile", []):
            lines += Path(path).read_text(encoding="utf-8").splitlines()
        words = [word for line in lines for word in shlex.split(line, comments=True)]
        self.environment = {"PATH": programs}
        self.environment |= dict(word.split("=", 1) for word in words)

    def value(self, name: str) -> str:
        [value] = self.settings[name]
        return value

    def command(self, name: str, **variables: str) -> list[str]:
        """Return a command line with its variables resolved, as systemd does it without a shell."""
        known = self.environment | variables
        words = shlex.split(self.value(name))
        words = [known[word[1:]] if re.fullmatch(r"\$\w+", word) else word for word in words]
        return [re.sub(r"\$\{(\w+)\}", lambda match: known[match[1]], word) for word in words]

    def start(self) -> None:
        """Run ExecStartPre= and ExecStart=; with Type=notify return when the process says that it is ready."""
        folder = Path(self.value("WorkingDirectory"))
        run(*self.confined("ExecStartPre"), cwd=folder, env=self.environment)
        notifications = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        notifications.settimeout(PATIENCE)
        name = f"slipway-{os.getpid()}-{id(self)}"  # abstract, in no folder
        environment = dict(self.environment)
        with notifications, self.log_file.open("a", encoding="utf-8") as output:
            if self.value("Type") == "notify":
                notifications.bind(f"\0{name}")
                environment["NOTIFY_SOCKET"] = f"@{name}"
            self.process = subprocess.Popen(
                self.confined("ExecStart", self.listener.fileno()),
                cwd=folder,
                env=environment,
                pass_fds=[self.listener.fileno()],
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            if self.value("Type") == "notify":
                assert b"READY=1" in notifications.recv(4096)

    def confined(self, name: str, listener: int = 0) -> list[str]:
        """Return a command line that confines itself as the unit says before it goes on."""
        limits = {
            "allowed": sorted(system_calls(self.settings["SystemCallFilter"])),
            "families": self.value("RestrictAddressFamilies").split(),
        }
        command = [sys.executable, "-I", "-S", confinement.__file__, str(listener), json.dumps(limits)]
        return [*command, *self.command(name)]

    def reload(self) -> None:
        command = self.command("ExecReload", MAINPID=str(self.process.pid))
        subprocess.run(command, check=True)

    def stop(self) -> int:
        """Stop it as KillMode=mixed does, and return the exit status."""
        assert self.value("KillMode") == "mixed"
        self.process.terminate()
        try:
            return self.process.wait(int(self.value("TimeoutStopSec")))
        finally:
            self.kill()

    def kill(self) -> None:
        if self.process:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(PATIENCE)

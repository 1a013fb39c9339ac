"""Does with a unit what systemd does with it, where no systemd runs: passes sockets, confines, waits for readiness.

Run as a program, it becomes a service's process: ``python -m harness.systemd SOCKET CONFINEMENT COMMAND...``
"""

import ctypes
import errno
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from pathlib import Path

from harness.interpreters import ROOT
from harness.serving import PATIENCE, run

FIRST_SOCKET = 3  # https://www.freedesktop.org/software/systemd/man/latest/sd_listen_fds.html

# From seccomp.h and linux/prctl.h.
ALLOW, REFUSE = 0x7FFF0000, 0x00050000 | errno.EPERM
EQUAL = 4
SET_NO_NEW_PRIVILEGES, SET_NO_WRITE_AND_EXECUTE = 38, 65


def settings(unit: Path) -> dict[str, list[str]]:
    """Return all values of a unit file by their names, in their order."""
    found: dict[str, list[str]] = {}
    for line in unit.read_text(encoding="utf-8").splitlines():
        if line and line[0] not in "#;[":
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


def system_calls(filters: list[str]) -> set[str]:
    """Return the system calls that ``SystemCallFilter=`` lines leave, as systemd-analyze resolves its groups."""

    def members(name: str) -> set[str]:
        if not name.startswith("@"):
            return {name}
        listing = subprocess.run(["systemd-analyze", "syscall-filter", name], capture_output=True, text=True, check=True)
        lines = [line.strip() for line in listing.stdout.splitlines()[1:]]
        return set().union(*(members(line) for line in lines if line and not line.startswith("#")))

    allowed = members("@default")
    for line in filters:
        change = set().union(*map(members, line.removeprefix("~").split()))
        allowed = allowed - change if line.startswith("~") else allowed | change
    return allowed


class Comparison(ctypes.Structure):
    _fields_ = [
        ("argument", ctypes.c_uint),
        ("operator", ctypes.c_int),
        ("first", ctypes.c_uint64),
        ("second", ctypes.c_uint64),
    ]


def confine(allowed: list[str], families: list[str]) -> None:
    """Leave this process so many system calls and address families, and no memory to write and execute."""
    libc = ctypes.CDLL(None, use_errno=True)
    for option in (SET_NO_NEW_PRIVILEGES, SET_NO_WRITE_AND_EXECUTE):
        if libc.prctl(option, 1, 0, 0, 0):
            raise OSError(ctypes.get_errno(), f"prctl {option}")
    seccomp = ctypes.CDLL("libseccomp.so.2")
    seccomp.seccomp_init.restype = ctypes.c_void_p
    rules = ctypes.c_void_p(seccomp.seccomp_init(REFUSE))
    for name in allowed:
        number = seccomp.seccomp_syscall_resolve_name(name.encode())
        if number < 0:  # another architecture's
            continue
        if name == "socket":
            for family in families:
                is_family = Comparison(0, EQUAL, getattr(socket, family), 0)
                seccomp.seccomp_rule_add_array(rules, ALLOW, number, 1, ctypes.byref(is_family))
        else:
            seccomp.seccomp_rule_add_array(rules, ALLOW, number, 0, None)
    if seccomp.seccomp_load(rules):
        raise OSError("seccomp_load")


class Service:
    """A service unit and the socket that systemd holds for it; ``with`` closes the socket and ends what runs."""

    def __init__(self, unit: Path, listener: socket.socket, programs: str, log: Path) -> None:
        self.settings = settings(unit)
        self.listener = listener
        self.log_file = log
        self.process: subprocess.Popen | None = None
        lines = list(self.settings.get("Environment", []))
        for path in self.settings.get("EnvironmentFile", []):
            lines += Path(path).read_text(encoding="utf-8").splitlines()
        words = [word for line in lines for word in shlex.split(line, comments=True)]
        self.environment = {"PATH": programs, "PYTHONDONTWRITEBYTECODE": "1"}
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
        run(*self.confined("ExecStartPre"), cwd=ROOT, env=self.environment | {"SERVICE_FOLDER": str(folder)})
        notifications = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        notifications.settimeout(PATIENCE)
        name = f"slipway-{os.getpid()}-{id(self)}"  # abstract, in no folder
        environment = self.environment | {"SERVICE_FOLDER": str(folder)}
        with notifications, self.log_file.open("a", encoding="utf-8") as output:
            if self.value("Type") == "notify":
                notifications.bind(f"\0{name}")
                environment["NOTIFY_SOCKET"] = f"@{name}"
            self.process = subprocess.Popen(
                self.confined("ExecStart", self.listener.fileno()),
                cwd=ROOT,
                env=environment,
                pass_fds=[self.listener.fileno()],
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            if self.value("Type") == "notify":
                assert b"READY=1" in notifications.recv(4096)

    def confined(self, name: str, listener: int = 0) -> list[str]:
        confinement = {
            "allowed": sorted(system_calls(self.settings["SystemCallFilter"])),
            "families": self.value("RestrictAddressFamilies").split(),
        }
        command = [sys.executable, "-m", "harness.systemd", str(listener), json.dumps(confinement)]
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
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self.process.wait(PATIENCE)


def become(listener: int, confinement: dict[str, list[str]], command: list[str]) -> None:
    """Turn this process into a service's."""
    os.chdir(os.environ.pop("SERVICE_FOLDER", "."))
    if listener:
        os.dup2(listener, FIRST_SOCKET)
        os.environ |= {"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())}
    confine(**confinement)
    os.execvp(command[0], command)  # noqa: S606


if __name__ == "__main__":
    become(int(sys.argv[1]), json.loads(sys.argv[2]), sys.argv[3:])

"""Bakes a project, installs it, migrates SQLite and serves it: « make demo ».

    make demo ARGS="project_name='Blue Shop' django_version=6.1"

Each run makes a folder of its own, demo/1, demo/2 and so on, so that nothing of yours is lost; « make clean » removes
them. Ctrl-C stops the server.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import suppress
from itertools import count
from pathlib import Path

from harness.interpreters import ROOT, SUPPORTED, interpreter_for

PATIENCE = 60  # seconds that the site may take to answer


class Failed(SystemExit):
    """Ends the demo with one clear line."""


def step(text: str) -> None:
    print(f"==> {text}", flush=True)


def run(*command: str | Path, cwd: Path) -> None:
    """Run a step; its output is shown only when it fails."""
    done = subprocess.run([*map(str, command)], cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        print(done.stdout, end="")
        raise Failed(f"The demo stopped: {Path(command[0]).name} {command[1]} failed; what it said is above.")


def new_folder() -> Path:
    """Make the first folder of demo/1, demo/2, ... that is free."""
    for number in count(1):
        folder = ROOT / "demo" / str(number)
        with suppress(FileExistsError):
            folder.mkdir(parents=True)
            return folder
    raise AssertionError


def bake(answers: list[str]) -> Path:
    """Bake a project with answers such as "django_version=6.1" and return its path."""
    folder = new_folder()
    config = folder / "cookiecutter.yaml"  # keeps the replay file out of the home directory
    config.write_text(json.dumps({"replay_dir": str(folder / "replay")}), encoding="utf-8")
    command = [sys.executable, "-m", "cookiecutter", str(ROOT), "--no-input", "--config-file", str(config), *answers]
    baked = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    projects = list(folder.glob("*/manage.py"))
    if baked.returncode != 0 or not projects:
        config.unlink()
        folder.rmdir()
        raise Failed(baked.stdout.strip())
    return projects[0].parent


def django_version_of(project: Path) -> str:
    """Return the answer that the project was baked with."""
    replay = next(project.parent.glob("replay/*.json")).read_text(encoding="utf-8")
    return json.loads(replay)["cookiecutter"]["django_version"]


def interpreter(django_version: str) -> str:
    """Return an interpreter that this Django supports."""
    found = interpreter_for(django_version)
    if found is None:
        oldest = SUPPORTED[django_version][0]
        raise Failed(
            f"Django {django_version} needs Python {oldest} or newer, and none was found on PATH or among pyenv's"
            f" versions; expected one such as python{oldest}. Or leave django_version=5.2."
        )
    return found


def install(project: Path) -> Path:
    """Install the project into its own virtual environment and return that environment's Python."""
    run(sys.executable, "-m", "uv", "sync", "--quiet", "--python", interpreter(django_version_of(project)), cwd=project)
    folder = "Scripts" if os.name == "nt" else "bin"
    return project / ".venv" / folder / "python"


def choose_port() -> int:
    """Return 8000 if it is free, else a port that is."""
    for port in (8000, 0):
        with socket.socket() as listener, suppress(OSError):
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("127.0.0.1", port))
            return listener.getsockname()[1]
    raise Failed("The demo found no free port on 127.0.0.1.")


def wait_until_served(url: str, server: subprocess.Popen) -> None:
    deadline = time.monotonic() + PATIENCE
    while server.poll() is None and time.monotonic() < deadline:
        with suppress(urllib.error.URLError, ConnectionError), urllib.request.urlopen(url, timeout=5):
            return
        time.sleep(0.1)
    raise Failed("The demo stopped: the site did not answer; what it said is above.")


def serve(project: Path, python: Path) -> None:
    """Serve the project until Ctrl-C, and say where it is and what to do next."""
    port = choose_port()
    url = f"http://127.0.0.1:{port}/"
    command = [str(python), "manage.py", "runserver", f"127.0.0.1:{port}", "--noreload"]
    # In a session of its own: Ctrl-C reaches this program alone, which then stops the server.
    server = subprocess.Popen(command, cwd=project, start_new_session=True)
    try:
        wait_until_served(url, server)
        shown = project.relative_to(ROOT)
        print(f"\nYour site is served at {url} (Ctrl-C stops it)\n")
        print("Next, in another terminal:")
        print(f"    cd {shown}")
        print(f"    {python.relative_to(project)} manage.py createsuperuser   then log in at {url}admin/")
        print(f"    {python.relative_to(project)} -m pytest                    runs the project's own tests")
        print("    README.md                                   says how to configure and launch it\n", flush=True)
        server.wait()
    finally:
        server.terminate()
        server.wait()


def main() -> None:
    started = time.monotonic()
    step(f"Baking a project ({' '.join(sys.argv[1:]) or 'with the defaults'})")
    project = bake(sys.argv[1:])
    step(f"Installing it into {(project / '.venv').relative_to(ROOT)} (the first time takes longer)")
    python = install(project)
    step("Migrating its SQLite database")
    run(python, "manage.py", "migrate", "--verbosity", "0", cwd=project)
    step(f"Serving it ({time.monotonic() - started:.0f} seconds so far)")
    serve(project, python)


if __name__ == "__main__":
    for name in ("SIGTERM", "SIGHUP"):  # Windows has no SIGHUP
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.default_int_handler)
    try:
        main()
    except KeyboardInterrupt:
        print("\nStopped.")

"""Finds the Python interpreters of this machine: on PATH, and among pyenv's versions.

Each is started once to see that it works, since a pyenv shim on PATH does not when its version is not the active one.
"""

import json
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
SUPPORTED = json.loads((ROOT / "cookiecutter.json").read_text(encoding="utf-8"))["_python_versions"]

REPORT = "import sys; print('%d.%d' % sys.version_info[:2]); print(sys.executable)"


def candidates() -> list[str]:
    """Return paths that may be interpreters, this one first."""
    found = [sys.executable]
    names = ["python3", "python", *sorted({f"python{v}" for row in SUPPORTED.values() for v in row})]
    found += [path for name in names if (path := shutil.which(name))]
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    found += [str(path) for path in sorted(pyenv.glob("versions/*/bin/python3"), reverse=True)]
    return found


@cache
def interpreters() -> dict[str, str]:
    """Return the path of a working interpreter for each version found, such as {"3.13": "/usr/bin/python3.13"}."""
    found: dict[str, str] = {}
    for path in candidates():
        try:
            run = subprocess.run([path, "-c", REPORT], capture_output=True, text=True, timeout=30)
        except (OSError, subprocess.TimeoutExpired):
            continue
        if run.returncode == 0:
            version, executable = run.stdout.split("\n")[:2]
            found.setdefault(version, executable)
    return found


def interpreter_for(django_version: str) -> str | None:
    """Return an interpreter that this Django supports: the running one if it will do, else the newest."""
    known = interpreters()
    mine = f"{sys.version_info.major}.{sys.version_info.minor}"
    for version in [mine, *reversed(SUPPORTED[django_version])]:
        if version in SUPPORTED[django_version] and version in known:
            return known[version]
    return None


if __name__ == "__main__":
    for django_version in SUPPORTED:
        chosen = interpreter_for(django_version)
        needs = f"Python {SUPPORTED[django_version][0]} or newer"
        print(f"Django {django_version}: {chosen or f'skipped, because {needs} was not found on PATH or in pyenv'}")

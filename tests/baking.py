"""Bakes projects, and makes the virtual environments that they run in."""

import hashlib
import itertools
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from cookiecutter.main import cookiecutter
from filelock import FileLock

from tools.interpreters import ROOT, interpreter_for

QUESTIONS = json.loads((ROOT / "cookiecutter.json").read_text(encoding="utf-8"))
CHOICES = QUESTIONS["_choices"]
CACHE = ROOT / ".cache"


@dataclass(frozen=True)
class Row:
    """One combination of the choices that change the code."""

    django_version: str
    server: str
    postgres_driver: str

    @property
    def answers(self) -> dict[str, str]:
        return vars(self)

    def __str__(self) -> str:
        return f"{self.django_version}-{self.server}-{self.postgres_driver.removesuffix('-binary')}"


CODE_CHOICES = ("django_version", "server", "postgres_driver")
ROWS = [Row(*choice) for choice in itertools.product(*(CHOICES[name] for name in CODE_CHOICES))]


def bake(folder: Path, **answers: str) -> Path:
    """Bake a project into a folder and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "cookiecutter-config.yaml"  # keeps replay files out of the home directory
    config.write_text(json.dumps({"replay_dir": str(folder / "replay")}), encoding="utf-8")
    made = cookiecutter(
        str(ROOT), no_input=True, extra_context=answers, output_dir=str(folder), config_file=str(config)
    )
    return Path(made)


def uv(*arguments: str | Path, cwd: Path = ROOT) -> None:
    """Run uv, as the template's environment has it; show what it said when it fails."""
    command = [sys.executable, "-m", "uv", *map(str, arguments)]
    run = subprocess.run(command, cwd=cwd, capture_output=True, text=True, env=os.environ | {"VIRTUAL_ENV": ""})
    assert run.returncode == 0, f"{' '.join(command)}\n{run.stdout}{run.stderr}"


def environment(row: Row, folder: Path) -> Path:
    """Return a virtual environment with everything that this row's projects need, for either server.

    Made once for each Django version and driver, and again when the projects' requirements change.
    """
    bakes = [
        bake(folder / f"requirements-{server}", **row.answers | {"server": server}) for server in CHOICES["server"]
    ]
    requirements = b"".join((project / "pyproject.toml").read_bytes() for project in bakes)
    digest = hashlib.sha256(requirements + interpreter_for(row.django_version).encode()).hexdigest()[:12]
    target = CACHE / f"{row.django_version}-{row.postgres_driver}-{digest}"
    CACHE.mkdir(exist_ok=True)
    with FileLock(f"{target}.lock"):
        if not (target / "ready").exists():
            uv("venv", "--quiet", "--clear", "--python", interpreter_for(row.django_version), target)
            files = [argument for project in bakes for argument in ("-r", project / "pyproject.toml")]
            groups = [argument for project in bakes for argument in ("--group", f"{project / 'pyproject.toml'}:dev")]
            uv("pip", "install", "--quiet", "--python", target / "bin" / "python", *files, *groups)
            (target / "ready").touch()
    return target

"""Bakes projects, and makes the virtual environments that they run in."""

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from allpairspy import AllPairs
from cookiecutter.main import cookiecutter
from filelock import FileLock

from harness.interpreters import ROOT, interpreter_for

QUESTIONS = json.loads((ROOT / "cookiecutter.json").read_text(encoding="utf-8"))
CHOICES = QUESTIONS["_choices"]
CACHE = ROOT / ".cache"

ON_DEMAND = ["django-storages[s3]", "redis", "sentry-sdk"]  # as the messages about missing packages name them
# Without Django, which the projects have already.
THEIR_NEEDS = ["boto3", "botocore", "certifi", "jmespath", "python-dateutil", "s3transfer", "six", "urllib3"]


@dataclass(frozen=True)
class Row:
    """One combination of choices."""

    django_version: str = QUESTIONS["django_version"]
    server: str = QUESTIONS["server"]
    postgres_driver: str = QUESTIONS["postgres_driver"]
    language: str = QUESTIONS["language"]
    add_ons: str = QUESTIONS["add_ons"]

    @property
    def answers(self) -> dict[str, str]:
        return vars(self)

    @property
    def chosen(self) -> set[str]:
        return {choice for answer in vars(self).values() for choice in answer.split()}

    def __str__(self) -> str:
        return "-".join(answer.removesuffix("-binary").replace(" ", "-") for answer in vars(self).values() if answer)


def options() -> dict[str, list[str]]:
    """Return every question that has choices, and what may be chosen; each add-on is a question of its own."""
    single = {name: choices for name, choices in CHOICES.items() if name != "add_ons"}
    return single | {add_on: ["", add_on] for add_on in CHOICES["add_ons"]}


def covering(questions: dict[str, list[str]]) -> list[Row]:
    """Return few rows in which every two choices of different questions meet."""
    rows = []
    for choice in AllPairs(list(questions.values())):
        answers = dict(zip(questions, choice, strict=True))
        add_ons = [answers.pop(add_on) for add_on in CHOICES["add_ons"] if add_on in answers]
        rows.append(Row(**answers, add_ons=" ".join(filter(None, add_ons))))
    return rows


DEFAULTS = Row()
OPPOSITE = Row(**{name: choices[-1] for name, choices in CHOICES.items() if name not in {"language", "add_ons"}})
ROWS = covering(options())
SERVER_SIDE = {name: CHOICES[name] for name in ("django_version", "server", "postgres_driver")}
SERVED = covering(SERVER_SIDE)  # to be run, not only looked at


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
        bake(
            folder / f"requirements-{server}",
            django_version=row.django_version,
            postgres_driver=row.postgres_driver,
            server=server,
        )
        for server in CHOICES["server"]
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

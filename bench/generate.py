"""Compares how long it takes to make a project with the least that cookiecutter can take, and with startproject.

    python -m bench.generate               20 rounds, about half a minute

Whole processes are timed, from start to end, each in a new folder. Rounds are interleaved; medians of the times, and of
the ratios within a round, are printed.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

from bench.serve import say
from harness.baking import DEFAULTS, environment
from harness.generator import copy_template
from harness.interpreters import ROOT
from harness.serving import run

FLOOR = "floor"
STARTPROJECT = "django-admin startproject"
REPORT_EVERY = 5  # rounds

Command = list[str | Path]
Round = dict[str, float]  # seconds by the names of the commands


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20, help="how often each command is measured (default: 20)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        tempfile.tempdir = folder  # cookiecutter never removes the hooks that it renders
        say("Preparing the commands")
        rounds = measure(commands(Path(folder)), variables(Path(folder)), options.rounds)
    print_conditions(options.rounds)
    print_table(rounds)


def commands(folder: Path) -> dict[str, Command]:
    """Return the commands that are compared, by name."""
    config = folder / "config.yaml"  # keeps replay files out of the home directory
    config.write_text(json.dumps({"replay_dir": str(folder / "replay")}), encoding="utf-8")
    cookiecutter = [sys.executable, "-m", "cookiecutter", "--no-input", "--config-file", config]
    django = environment(DEFAULTS, folder / "requirements") / "bin" / "python"
    return {
        FLOOR: [*cookiecutter, empty_template(folder / "empty")],
        "slipway": [*cookiecutter, ROOT],
        "slipway, without its hook": [*cookiecutter, without_hook(folder / "without-hook")],
        STARTPROJECT: [django, "-m", "django", "startproject", "mysite"],
    }


def empty_template(folder: Path) -> Path:
    """Return a template of one question and one file of one line."""
    project = folder / "{{cookiecutter.project_slug}}"
    project.mkdir(parents=True)
    (project / "README.md").write_text("An empty project.\n", encoding="utf-8")
    (folder / "cookiecutter.json").write_text(json.dumps({"project_slug": "empty"}), encoding="utf-8")
    return folder


def without_hook(folder: Path) -> Path:
    """Return a copy of this template that has no hook; « --accept-hooks no » is refused."""
    copy_template(folder)
    shutil.rmtree(folder / "hooks")
    return folder


def variables(folder: Path) -> dict[str, str]:
    """Return an environment in which every command finds its bytecode, and writes only below the folder."""
    bytecode = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(folder / "bytecode")}
    return os.environ | bytecode | {"TMPDIR": str(folder)}


def measure(compared: dict[str, Command], env: dict[str, str], rounds: int) -> list[Round]:
    """Return what each command took, round after round; a first round, which writes the bytecode, does not count."""
    measured = []
    for number in range(rounds + 1):
        measured.append({name: seconds(command, env) for name, command in compared.items()})
        if number and number % REPORT_EVERY == 0:
            say(f"Round {number} of {rounds} is done")
    return measured[1:]


def seconds(command: Command, env: dict[str, str]) -> float:
    """Return the seconds that a command takes in a new folder, from the start of its process to its end."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        run(*command, cwd=Path(folder), env=env)
        return time.perf_counter() - start


def print_conditions(rounds: int) -> None:
    print(
        f"\nPython {platform.python_version()}, cookiecutter {version('cookiecutter')},"
        f" Django {DEFAULTS.django_version}, {os.cpu_count()} cores; medians of {rounds} rounds"
    )


def print_table(rounds: list[Round]) -> None:
    """Print a line for each command: its time, and its ratios to the floor and to startproject."""
    width = max(map(len, rounds[0]))
    print(f"\n{'':{width}} {'ms':>8} {'to the floor':>14} {'to startproject':>17}")
    for name in rounds[0]:
        time_taken = 1000 * statistics.median(r[name] for r in rounds)
        to_floor, to_startproject = (statistics.median(r[name] / r[b] for r in rounds) for b in (FLOOR, STARTPROJECT))
        print(f"{name:{width}} {time_taken:>8.0f} {to_floor:>14.2f} {to_startproject:>17.2f}")


if __name__ == "__main__":
    main()

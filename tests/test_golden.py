"""What users get, kept as listings that a reviewer reads in a diff: « make golden » writes them anew.

Two bakes, every file with its run bit, its lines and a digest; and, in words, what all the other choices change.
"""

import difflib
import hashlib
import os
import tempfile
from pathlib import Path

import pytest

from harness.baking import CHOICES, DEFAULTS, OPPOSITE, bake
from harness.interpreters import ROOT

GOLDEN = ROOT / "tests" / "golden"
MADE_ON_EACH_MACHINE = {".env", ".python-version"}
EVERYTHING = OPPOSITE.answers | {"add_ons": " ".join(CHOICES["add_ons"])}
BAKES = {"5.2-defaults": DEFAULTS.answers, "6.1-everything": EVERYTHING}
DIFFERENCES = "differences.diff"


def files(project: Path) -> dict[str, bytes]:
    """Return every file's content by its path."""
    found = sorted(path for path in project.rglob("*") if path.is_file())
    return {path.relative_to(project).as_posix(): path.read_bytes() for path in found}


def listing(project: Path) -> str:
    """Return a line for each file: run bit, lines (bytes where it is no text), digest and path."""
    lines = []
    for path, content in files(project).items():
        size = f"{len(content)} b" if b"\0" in content else str(content.count(b"\n"))
        digest = hashlib.sha256(content).hexdigest()[:12]
        if path in MADE_ON_EACH_MACHINE:
            size, digest = "", "of its own"
        run_bit = "x" if os.access(project / path, os.X_OK) else " "
        lines.append(f"{run_bit} {size:>6}  {digest:<12}  {path}\n")
    return "".join(lines)


def differences(one: Path, other: Path) -> str:
    """Return how the second project differs, without line numbers, which would change with every line above."""
    before, after = files(one), files(other)
    lines = []
    for path in sorted((before.keys() | after.keys()) - MADE_ON_EACH_MACHINE):
        old, new = (side.get(path, b"").decode(errors="replace").splitlines() for side in (before, after))
        changed = [line for line in difflib.unified_diff(old, new, n=0, lineterm="") if line[:3] not in ("---", "+++")]
        lines += [f"=== {path}", *("" if line.startswith("@@") else line for line in changed), ""] if changed else []
    return "\n".join(lines) + "\n"


def golden(folder: Path) -> dict[str, str]:
    """Return the text of each golden file by its name."""
    projects = {name: bake(folder / name, **answers) for name, answers in BAKES.items()}
    listings = {f"{name}.txt": listing(project) for name, project in projects.items()}
    return listings | {DIFFERENCES: differences(*projects.values())}


@pytest.fixture(scope="module")
def baked(tmp_path_factory) -> dict[str, str]:
    return golden(tmp_path_factory.mktemp("golden"))


@pytest.mark.parametrize("name", [f"{name}.txt" for name in BAKES] + [DIFFERENCES])
def test_users_get_what_was_reviewed(name, baked):
    kept = (GOLDEN / name).read_text(encoding="utf-8")
    changed = "\n".join(difflib.unified_diff(kept.splitlines(), baked[name].splitlines(), n=0, lineterm=""))
    assert kept == baked[name], f"what users get has changed; if it is meant: make golden\n{changed}"


def write() -> None:
    GOLDEN.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for name, text in golden(Path(folder)).items():
            (GOLDEN / name).write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    write()

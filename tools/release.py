"""Tags the version that CHANGELOG.md names first, with its section as the message: « make release ».

Standard library only, since CI runs it as it is. A version that has its tag already is left alone,
and so is a CHANGELOG.md that begins with « ## Unreleased ».
"""

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def newest_section(changelog: str) -> tuple[str, str]:
    """Return the title of the first section, such as "0.1.0", and its text."""
    title, text = re.search(r"^## (\S+).*?$(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL).groups()
    return title, text.strip()


def git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout


def release() -> str:
    """Tag this commit unless its version has a tag; return what was done.

    Raises:
        SystemExit: when cookiecutter.json, which tells projects their version, names another one.
    """
    version, text = newest_section((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
    if version == "Unreleased":
        return "Nothing to tag: CHANGELOG.md begins with what is not released."
    told = json.loads((ROOT / "cookiecutter.json").read_text(encoding="utf-8"))["_version"]
    if told != version:
        sys.exit(f"CHANGELOG.md begins with {version}, cookiecutter.json has {told}; expected the same, such as: 1.2.3")
    tag = f"v{version}"
    if git("tag", "--list", tag):
        return f"Nothing to tag: {tag} is there."
    git("tag", "--annotate", "--cleanup=verbatim", "--message", f"Slipway {version}\n\n{text}", tag)
    return f"Tagged {tag}."


if __name__ == "__main__":
    print(release())

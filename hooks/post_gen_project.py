"""Finishes a new project: removes what was not chosen, makes .env, says what to do next.

Standard library only. The answers arrive as JSON inside a raw string, so they are data and never code.
"""

import json
import os
import secrets
import shutil
import signal
import sys
from pathlib import Path

ANSWERS = json.loads(r"""{{ cookiecutter | tojson }}""")
ADD_ONS = ANSWERS["add_ons"].split()
IS_UPDATE = "{{ is_update }}" == "True"  # of a project that was made before

# What a choice owns: each path stays only where its condition holds.
KEEP_IF = {
    "gunicorn.conf.py": ANSWERS["server"] == "gunicorn",
    "config/uvicorn_protocol.py": ANSWERS["server"] == "uvicorn",
    "core/example_async.py": ANSWERS["server"] == "uvicorn",
    "tests/test_example_async.py": ANSWERS["server"] == "uvicorn",
    "README.zh-hans.md": ANSWERS["language"] == "zh-hans",
    ".github": "github" in ADD_ONS,
}

# Git keeps their run bit; a zip file of the template does not.
SCRIPTS = ["manage.py"]

NEXT = {
    "en-us": "Made {slug}/ for Django {django}. Next:",
    "zh-hans": "已生成 {slug}/（Django {django}）。下一步：",
}


def remove_what_was_not_chosen():
    for path, keep in KEEP_IF.items():
        if not keep:
            shutil.rmtree(path) if Path(path).is_dir() else Path(path).unlink()
    if KEEP_IF["README.zh-hans.md"]:
        Path("README.zh-hans.md").replace("README.md")


def let_scripts_run():
    for script in SCRIPTS:
        Path(script).chmod(Path(script).stat().st_mode | 0o111)


def write_python_version():
    """Pin the interpreter that bakes the project if Django supports it, else the newest one found that it does."""
    supported = ANSWERS["_python_versions"][ANSWERS["django_version"]]
    mine = f"{sys.version_info.major}.{sys.version_info.minor}"
    found = [mine] if mine in supported else [v for v in reversed(supported) if shutil.which(f"python{v}")]
    chosen = found[0] if found else supported[1]
    Path(".python-version").write_text(f"{chosen}\n", encoding="utf-8", newline="\n")


def write_dotenv():
    """Copy .env.example with a fresh key; only the owner may read it. One that exists already is the user's."""
    if Path(".env").exists():
        return
    key = secrets.token_urlsafe(50)
    example = Path(".env.example").read_text(encoding="utf-8")
    content = example.replace("\n# DJANGO_SECRET_KEY=\n", f"\nDJANGO_SECRET_KEY={key}\n")
    descriptor = os.open(".env", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="utf-8", newline="\n") as file:
        file.write(content)


def say_what_is_next():
    message = NEXT[ANSWERS["language"]].format(slug=ANSWERS["project_slug"], django=ANSWERS["django_version"])
    print(f"\n{message}\n")
    print(f"    cd {ANSWERS['project_slug']}")
    print("    uv run python manage.py migrate")
    print("    uv run python manage.py runserver\n")


def main():
    sys.stdout.reconfigure(errors="replace")  # a terminal that has no Chinese is no reason to fail
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends it without a traceback
    try:
        remove_what_was_not_chosen()
        let_scripts_run()
        write_python_version()
        write_dotenv()
    except OSError as error:
        sys.exit(f"Nothing was made, because a file could not be written: {error}; expected a folder with room.")
    if not IS_UPDATE:
        say_what_is_next()


if __name__ == "__main__":
    main()

"""Finishes a new project: removes what was not chosen, makes .env, says what to do next.

Imports only what Python has loaded already, since more would double the time that it takes. What it is told is rendered
into it, and can be no code: these answers are words of cookiecutter.json, and a slug of letters, digits and hyphens.
"""

import os
import sys

SLUG = "{{ cookiecutter.project_slug }}"
LANGUAGE = "{{ cookiecutter.language }}"
DJANGO_VERSION = "{{ cookiecutter.django_version }}"
SERVER = "{{ cookiecutter.server }}"
ADD_ONS = "{{ cookiecutter.add_ons }}".split()
PYTHON_VERSIONS = "{{ cookiecutter._python_versions[cookiecutter.django_version] | join(' ') }}".split()
IS_UPDATE = "{{ is_update }}" == "True"  # of a project that was made before

# What a choice owns: each path stays only where its condition holds.
KEEP_IF = {
    "gunicorn.conf.py": SERVER == "gunicorn",
    "config/uvicorn_protocol.py": SERVER == "uvicorn",
    "core/example_async.py": SERVER == "uvicorn",
    "tests/test_example_async.py": SERVER == "uvicorn",
    "README.zh-hans.md": LANGUAGE == "zh-hans",
    "deploy/README.zh-hans.md": LANGUAGE == "zh-hans",
    ".github": "github" in ADD_ONS,
    "deploy": "vps" in ADD_ONS,
}

# Git keeps their run bit; a zip file of the template does not.
SCRIPTS = ["manage.py", "deploy/release.sh"]

NEXT = {
    "en-us": "Made {slug}/ for Django {django}. Next:",
    "zh-hans": "已生成 {slug}/（Django {django}）。下一步：",
}


def remove(path):
    """Remove a file, or a folder with all that is in it."""
    for folder, _, files in os.walk(path, topdown=False):
        for file in files:
            os.remove(os.path.join(folder, file))
        os.rmdir(folder)
    if os.path.isfile(path):
        os.remove(path)


def remove_what_was_not_chosen():
    for path, keep in KEEP_IF.items():
        if not keep:
            remove(path)
    for chinese in ("README.zh-hans.md", "deploy/README.zh-hans.md"):
        if os.path.exists(chinese):
            os.replace(chinese, chinese.replace(".zh-hans", ""))


def let_owner_write():
    """Give back what was copied from a template that nobody may write to."""
    for folder, _, files in os.walk("."):
        for path in [folder, *(os.path.join(folder, file) for file in files)]:
            if not os.access(path, os.W_OK):
                os.chmod(path, os.stat(path).st_mode | 0o200)


def let_scripts_run():
    for script in filter(os.path.exists, SCRIPTS):
        os.chmod(script, os.stat(script).st_mode | 0o111)


def write(path, content, mode=0o666):
    """Write a text file that only those may read whom ``mode`` and the umask let."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with open(descriptor, "w", encoding="utf-8", newline="\n") as file:
        file.write(content)


def write_python_version():
    """Pin the interpreter that bakes the project if Django supports it, else the newest one found that it does."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    if version not in PYTHON_VERSIONS:
        from shutil import which

        found = [version for version in reversed(PYTHON_VERSIONS) if which(f"python{version}")]
        version = found[0] if found else PYTHON_VERSIONS[1]  # the oldest may be near its end
    write(".python-version", f"{version}\n")


def write_dotenv():
    """Copy .env.example with a fresh key; only the owner may read it. One that exists already is the user's."""
    if os.path.exists(".env"):
        return
    key = os.urandom(40).hex()  # as secrets.token_hex makes it
    with open(".env.example", encoding="utf-8") as file:
        example = file.read()
    write(".env", example.replace("\n# DJANGO_SECRET_KEY=\n", f"\nDJANGO_SECRET_KEY={key}\n"), mode=0o600)


def say_what_is_next():
    message = NEXT[LANGUAGE].format(slug=SLUG, django=DJANGO_VERSION)
    print(f"\n{message}\n")
    print(f"    cd {SLUG}")
    print("    uv run python manage.py migrate")
    print("    uv run python manage.py runserver\n")


def main():
    try:
        let_owner_write()
        remove_what_was_not_chosen()
        let_scripts_run()
        write_python_version()
        write_dotenv()
    except OSError as error:
        sys.exit(f"Nothing was made, because a file could not be written: {error}; expected a folder with room.")
    if not IS_UPDATE and sys.stdout:
        try:
            sys.stdout.reconfigure(errors="replace")  # a terminal that has no Chinese is no reason to fail
            say_what_is_next()
            sys.stdout.flush()
        except OSError:  # nor is a reader that has gone
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)  # cookiecutter says the rest
    finally:
        os.remove(__file__)  # cookiecutter leaves what it has rendered in the temporary folder

"""The generated README's commands work as they are written, in the order in which they stand."""

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from harness.baking import DEFAULTS, OPPOSITE, bake
from harness.serving import production_environment, run, serving, wait_for
from tests.conftest import interpreter_or_skip, rows

RUNS = [DEFAULTS, replace(OPPOSITE, language="zh-hans")]


def blocks(project):
    """Return the console blocks of the README, each a list of commands."""
    text = (project / "README.md").read_text(encoding="utf-8")
    return [block.splitlines() for block in re.findall(r"^```console\n(.*?)\n```", text, re.DOTALL | re.MULTILINE)]


class Shell:
    """Runs commands with uv and one interpreter on PATH, as on a newcomer's machine."""

    def __init__(self, project: Path, python: str) -> None:
        self.project = project
        programs = project.parent / "programs"
        programs.mkdir()
        (programs / "uv").symlink_to(Path(sys.executable).with_name("uv"))
        (programs / "python3").symlink_to(python)
        kept = ("HOME", "PIP_CERT", "PIP_FIND_LINKS", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "UV_CACHE_DIR")
        self.env = {name: os.environ[name] for name in kept if name in os.environ}
        # uv takes the version that .python-version names, wherever it finds it on PATH.
        self.env |= {"PATH": f"{programs}:{Path(python).parent}:/usr/bin:/bin", "UV_PYTHON_DOWNLOADS": "never"}

    def __call__(self, *commands, **variables):
        done = subprocess.run(
            ["/bin/sh", "-ec", "\n".join(commands)],
            cwd=self.project,
            env=self.env | variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert done.returncode == 0, f"{commands}\n{done.stdout}"
        return done.stdout

    def serves(self, command, log):
        """Start runserver on a free port and see the home page."""
        with serving(f"{command} --noreload 127.0.0.1:$PORT", self.project, self.env, log) as server:
            headers = {"Host": "127.0.0.1", "X-Forwarded-Proto": "http"}
            wait_for(lambda: server.client.get("/", headers=headers).status_code == 200, "the home page")


@pytest.fixture(params=rows(*RUNS))
def shell(request, tmp_path):
    row = request.param
    python = interpreter_or_skip(row.django_version)
    project = bake(tmp_path, **row.answers)
    version = run(python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])", cwd=tmp_path, env={})
    (project / ".python-version").write_text(version)
    return Shell(project, python)


def test_the_commands_for_uv_work_as_written(shell, tmp_path):
    start, _pip, test, rehearsal, new_app, migrations, launch, _update = blocks(shell.project)
    sync, migrate, superuser, serve = start
    shell(sync, migrate)
    shell(f"{superuser} --noinput --username ann --email ann@example.com", DJANGO_SUPERUSER_PASSWORD="a passphrase")
    shell.serves(serve, tmp_path / "log")
    assert " passed" in shell(*test)
    assert "promises kept, 0 broken." in shell(*rehearsal)
    shell(*new_app)
    settings = shell.project / "config" / "settings" / "base.py"
    settings.write_text(settings.read_text().replace('    "core",\n', '    "core",\n    "blog",\n'))
    shell(*migrations)
    assert " passed" in shell(*test)
    shell("git init --quiet", "uv run pre-commit install", "uv run pre-commit run --all-files", "git add --all")
    production = {**production_environment(Path("/nowhere"), DATABASE_URL="sqlite:///db.sqlite3")}
    del production["PATH"]
    assert "no issues" in shell(*launch, **production)
    tracked = shell("git ls-files").split()
    assert "uv.lock" in tracked
    assert ".env" not in tracked


@pytest.mark.parametrize("shell", rows(DEFAULTS), indirect=True)
def test_the_commands_for_pip_work_as_written(shell, tmp_path):
    start, pip, test, *_ = blocks(shell.project)
    without_uv = [command.removeprefix("uv run ") for command in start[1:2] + test]
    assert " passed" in shell(*pip, *without_uv)

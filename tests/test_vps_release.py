"""The release script of the add-on `vps` launches a version, and comes back to the one before when that fails."""

import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from harness.baking import DEFAULTS, bake, uv
from harness.generator import commit, git
from harness.interpreters import interpreter_for
from harness.serving import PATIENCE, production_environment, wait_for

# What systemd does on a server: ends what runs, and starts what « current » leads to.
RESTART = """#!/bin/sh
if [ -f "{home}/pid" ]; then
    kill "$(cat "{home}/pid")"
    while kill -0 "$(cat "{home}/pid")" 2> /dev/null; do sleep 0.05; done
fi
cd "{home}/current/"
.venv/bin/gunicorn config.wsgi:application --bind unix:{home}/web.sock --daemon --pid "{home}/pid" \\
    --log-file "{home}/log" --capture-output
"""


class Server:
    """A server of one's own in a folder: /srv/<slug>, and a repository that releases are fetched from."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "srv"
        for name in ("releases", "media"):
            (self.home / name).mkdir(parents=True)
        self.source = bake(folder, **DEFAULTS.answers | {"add_ons": "vps"})
        self.python = interpreter_for(DEFAULTS.django_version)
        uv("lock", "--quiet", "--python", self.python, cwd=self.source)
        git(self.source, "init", "--quiet", "--initial-branch=main")
        commit(self.source)
        git(folder, "clone", "--quiet", "--bare", self.source, self.home / "repository")
        environment = production_environment(Path("/nowhere"), DATABASE_URL=f"sqlite:///{self.home}/db.sqlite3")
        lines = [f"{name}='{value}'\n" for name, value in environment.items() if name not in {"PATH", "HOME"}]
        (self.home / "environment").write_text("".join(lines))
        self.restart = self.home / "restart.sh"
        self.restart.write_text(RESTART.format(home=self.home))
        self.restart.chmod(0o755)

    def release(self, *version: str) -> tuple[int, str]:
        """Run the script as its user does; return its exit status and what it said."""
        programs = self.home / "programs"
        programs.mkdir(exist_ok=True)
        with suppress(FileExistsError):
            (programs / "uv").symlink_to(Path(sys.executable).with_name("uv"))
        env = {
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "HOME": os.environ["HOME"],
            "UV_PYTHON": self.python,
            "SITE_HOME": str(self.home),
            "SITE_USER": subprocess.run(["id", "-un"], capture_output=True, text=True).stdout.strip(),
            "SITE_ENVIRONMENT": str(self.home / "environment"),
            "SITE_RESTART": str(self.restart),
            "SITE_SOCKET": str(self.home / "web.sock"),
            "SITE_PATIENCE": "3",
        }
        script = self.source / "deploy" / "release.sh"
        done = subprocess.run(
            [script, *version], cwd=self.home, env=env, stdout=-1, stderr=subprocess.STDOUT, text=True
        )
        return done.returncode, done.stdout

    def home_page(self) -> str:
        with httpx.Client(transport=httpx.HTTPTransport(uds=str(self.home / "web.sock")), timeout=PATIENCE) as visitor:
            headers = {"Host": "example.com", "X-Forwarded-Proto": "https"}
            return visitor.get("http://example.com/", headers=headers).text

    def releases(self) -> list[str]:
        return sorted(path.name for path in (self.home / "releases").iterdir())

    def change(self, file: str, old: str, new: str) -> None:
        """Commit a change to the repository that releases are fetched from."""
        text = (self.source / file).read_text(encoding="utf-8")
        assert old in text
        (self.source / file).write_text(text.replace(old, new, 1), encoding="utf-8")
        commit(self.source)

    def stop(self) -> None:
        if (self.home / "pid").exists():
            process = int((self.home / "pid").read_text())
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGTERM)
            wait_for(lambda: not Path(f"/proc/{process}").exists(), "gunicorn to end")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    for program in ("curl", "flock", "runuser"):
        if not shutil.which(program):
            pytest.skip(f"no {program} here")
    server = Server(tmp_path_factory.mktemp("server"))
    yield server
    server.stop()


@pytest.fixture
def launched(server):
    """The server with a version that runs, and what it showed."""
    if not (server.home / "current").exists():
        status, said = server.release()
        assert status == 0, said
    return server, server.home_page(), server.releases()


def test_the_first_release_is_launched(launched):
    server, page, releases = launched
    assert "<title>My Site</title>" in page
    assert (server.home / "current" / "media").resolve() == server.home / "media"
    assert (server.home / "current").resolve() == server.home / "releases" / releases[-1]


def test_a_new_version_takes_the_place_of_the_one_before(launched):
    server, _, releases = launched
    server.change("templates/home.html", "</h1>", " of fish</h1>")
    status, said = server.release("main")
    assert status == 0, said
    assert "of fish</h1>" in server.home_page()
    assert len(server.releases()) == len(releases) + 1
    assert "==> Launched main" in said


def test_a_version_that_its_checks_refuse_changes_nothing(launched):
    server, page, releases = launched
    server.change("config/settings/production.py", '"""', '"""Broken."""\nraise RuntimeError("broken")\n"""')
    status, said = server.release("main")
    assert status != 0
    assert "Switching" not in said
    assert (server.home_page(), server.releases()) == (page, releases)
    git(server.source, "revert", "--no-edit", "HEAD")


def test_a_version_that_does_not_answer_makes_way_for_the_one_before(launched):
    server, page, releases = launched
    server.change("config/wsgi.py", "import os", 'raise RuntimeError("broken")\nimport os')
    status, said = server.release("main")
    assert status == 1
    assert "The new version does not answer; the one before is back." in said
    assert (server.home_page(), server.releases()) == (page, releases)
    git(server.source, "revert", "--no-edit", "HEAD")


def test_a_version_that_does_not_exist_is_one_clear_line(launched):
    server, page, releases = launched
    status, said = server.release("no-such-version")
    assert status == 1
    assert "There is no version no-such-version; expected a tag, a branch or a commit, such as: main" in said
    assert (server.home_page(), server.releases()) == (page, releases)


def test_two_releases_do_not_meet(launched):
    server, _, _ = launched
    with (server.home / "release.lock").open("w") as lock:
        holder = subprocess.Popen(["flock", "--no-fork", lock.name, "sleep", "30"])
        try:
            wait_for(lambda: subprocess.run(["flock", "-n", lock.name, "true"]).returncode == 1, "the lock to be held")
            assert server.release() == (1, "Another release is on its way; wait until it has ended.\n")
        finally:
            holder.kill()
            holder.wait()

"""Runs cookiecutter and cruft as people do, and keeps the template in a git repository as they find it."""

import json
import os
import shutil
import subprocess
import sys

from harness.interpreters import ROOT


class Generator:
    """Runs cookiecutter and cruft in a folder, as people do, with a home of its own."""

    def __init__(self, folder):
        self.folder = folder
        self.out = folder / "out"
        self.out.mkdir()
        self.replay = folder / "replay"
        self.config = folder / "config.yaml"
        self.config.write_text(json.dumps({"replay_dir": str(self.replay)}))

    def run(self, *command, typed=None, **variables):
        command = [sys.executable, "-m", *map(str, command)]
        env = os.environ | variables
        return subprocess.run(command, cwd=self.out, input=typed, env=env, capture_output=True, text=True)

    def cookiecutter(self, *arguments, template=ROOT, **options):
        return self.run("cookiecutter", template, "--config-file", self.config, *arguments, **options)

    def cruft(self, *arguments, **options):
        return self.run("cruft", *arguments, **options)

    def assert_refused(self, done, *words):
        said = done.stdout + done.stderr
        assert done.returncode == 1, said
        assert "Traceback" not in said
        assert "Nothing was made" in said
        assert [word for word in words if word not in said] == []
        assert list(self.out.iterdir()) == []


def copy_template(folder):
    """Copy the template as it is in the working tree, without what git ignores."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    files = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode()
    for name in files.split("\0")[:-1]:
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)  # with its run bit


def as_git(folder):
    """Return a git repository with the template as it is in the working tree, as cruft wants one."""
    copy = folder / "template"
    copy_template(copy)
    git(copy, "init", "--quiet")
    commit(copy)
    return copy


def git(folder, *arguments):
    subprocess.run(
        ["git", "-c", "user.name=Ann", "-c", "user.email=ann@example.com", *arguments], cwd=folder, check=True
    )


def commit(folder):
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "a version")

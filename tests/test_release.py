"""Versions: CHANGELOG.md names them, cookiecutter.json tells them to projects, and a release tags them."""

import json
import subprocess
import sys
import tomllib

import pytest

from harness.baking import QUESTIONS, bake
from harness.generator import as_git, commit, git
from harness.interpreters import ROOT
from tools.release import newest_section


def test_all_places_name_the_same_version():
    title, _ = newest_section((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert QUESTIONS["_version"] == version
    assert version == title or (title == "Unreleased" and version.endswith(".dev0"))


def test_a_version_that_is_tagged_does_not_change():
    tag = f"v{QUESTIONS['_version']}"
    if subprocess.run(["git", "tag", "--list", tag], cwd=ROOT, capture_output=True, text=True).stdout.strip():
        what_users_get = ["cookiecutter.json", "hooks", "{{cookiecutter.project_slug}}"]
        done = subprocess.run(["git", "diff", "--quiet", tag, "--", *what_users_get], cwd=ROOT)
        assert done.returncode == 0, f"{tag} is out; begin the next with « ## Unreleased » and a version in .dev0"


def test_a_project_knows_the_version_that_made_it(tmp_path):
    settings = tomllib.loads((bake(tmp_path) / "pyproject.toml").read_text(encoding="utf-8"))
    assert settings["tool"]["slipway"]["version"] == QUESTIONS["_version"]


@pytest.fixture
def template(tmp_path):
    """A copy of the template whose newest version is 7.8.9."""
    copy = as_git(tmp_path)
    git(copy, "config", "user.name", "Ann")
    git(copy, "config", "user.email", "ann@example.com")
    write(copy, "# Changes\n\n## 7.8.9 (2030-01-02)\n\n- Fish.\n\n## 7.8.8 (2030-01-01)\n\n- Bread.\n", "7.8.9")
    return copy


def write(copy, changelog, version):
    (copy / "CHANGELOG.md").write_text(changelog)
    questions = json.loads((copy / "cookiecutter.json").read_text(encoding="utf-8"))
    (copy / "cookiecutter.json").write_text(json.dumps(questions | {"_version": version}))
    commit(copy)


def release(copy):
    return subprocess.run([sys.executable, "tools/release.py"], cwd=copy, capture_output=True, text=True)


def tags(copy):
    done = subprocess.run(
        ["git", "tag", "--list", "--format=%(refname:short) %(contents)"], cwd=copy, capture_output=True, text=True
    )
    return " ".join(done.stdout.split())


def test_a_release_tags_the_newest_version_once(template):
    assert release(template).stdout == "Tagged v7.8.9.\n"
    assert tags(template) == "v7.8.9 Slipway 7.8.9 - Fish."
    assert release(template).stdout == "Nothing to tag: v7.8.9 is there.\n"


def test_what_is_not_released_is_not_tagged(template):
    write(template, "# Changes\n\n## Unreleased\n\n- Fish.\n", "7.9.0.dev0")
    assert "begins with what is not released" in release(template).stdout
    assert tags(template) == ""


def test_versions_that_differ_are_not_tagged(template):
    write(template, "# Changes\n\n## 7.9.0\n\n- Fish.\n", "7.8.9")
    done = release(template)
    assert done.returncode == 1
    assert (
        done.stderr
        == "CHANGELOG.md begins with 7.9.0, cookiecutter.json has 7.8.9; expected the same, such as: 1.2.3\n"
    )
    assert tags(template) == ""

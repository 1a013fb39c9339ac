"""The template is itself a project: its files are valid as they stand, and short where they should be."""

import ast
import json
import re
import subprocess
import sys
import tomllib

import pytest
import yaml

from harness.interpreters import ROOT
from harness.serving import procfile

PROJECT = ROOT / "{{cookiecutter.project_slug}}"


def tracked():
    """Return the files that git knows, or would."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    return sorted({ROOT / name for name in names if name and (ROOT / name).is_file()})


FILES = tracked()
BINARY = {".png", ".mo"}


@pytest.mark.parametrize("file", [f for f in FILES if f.suffix == ".py"], ids=lambda f: f.relative_to(ROOT).as_posix())
def test_python_parses(file):
    ast.parse(file.read_text(encoding="utf-8"))


def test_toml_yaml_and_json_parse():
    for file in FILES:
        text = file.read_text(encoding="utf-8") if file.suffix not in BINARY else ""
        if file.suffix == ".toml":
            tomllib.loads(text)
        elif file.suffix in {".yaml", ".yml"}:
            yaml.safe_load(text)
        elif file.suffix == ".json":
            json.loads(text)


def test_workflows_follow_their_schema():
    files = [file for file in FILES if file.parent.name == "workflows"]
    assert len(files) >= 2
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", *files]
    subprocess.run(command, check=True)


def test_the_procfile_has_its_two_lines():
    assert set(procfile(PROJECT)) == {"release", "web"}


@pytest.mark.parametrize("command", [["check"], ["format", "--check"]])
@pytest.mark.parametrize("folder", [ROOT, PROJECT], ids=["template", "project"])
def test_ruff_finds_nothing(command, folder):
    ruff = [sys.executable, "-m", "ruff", *command, "--no-cache", folder]
    done = subprocess.run(ruff, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_text_files_are_utf8_with_unix_line_ends():
    for file in FILES:
        content = file.read_bytes()
        if file.suffix not in BINARY:
            content.decode("utf-8")
            assert b"\r" not in content, file


def test_file_names_are_legal_on_windows_and_differ_by_more_than_case():
    names = [file.relative_to(ROOT).as_posix() for file in FILES]
    assert len({name.lower() for name in names}) == len(names)
    assert not [name for name in names if set(name) & set('<>:"|?*\\')]
    assert not [file for file in FILES if file.is_symlink()]


def test_nothing_lies_in_the_projects_folder_that_git_does_not_know():
    # Cookiecutter bakes whatever lies there: caches, editors' files, a .env.
    command = ["git", "ls-files", "--others", "--ignored", "--exclude-standard", "--", PROJECT]
    assert subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout == ""


def test_what_the_hook_removes_is_there():
    hook = ast.parse((ROOT / "hooks" / "post_gen_project.py").read_text(encoding="utf-8"))
    (table,) = [n.value for n in hook.body if isinstance(n, ast.Assign) and n.targets[0].id == "KEEP_IF"]
    paths = [key.value for key in table.keys]
    assert paths
    assert [path for path in paths if not (PROJECT / path).exists()] == []


def test_what_is_pinned_twice_is_pinned_alike():
    def pins(pattern):
        texts = [
            file.read_text(encoding="utf-8")
            for file in FILES
            if file.suffix in {".toml", ".yml"} or file.name == "Makefile"
        ]
        return [set(re.findall(pattern, text)) for text in texts if re.search(pattern, text)]

    for what in (r"actions/checkout@\S+ # \S+", r'"cruft(~=[\d.]+)"', r'"uv(~=[\d.]+)"', r'"ruff(~=[\d.]+)"'):
        found = pins(what)
        assert len(found) >= 2, what
        assert all(pin == found[0] for pin in found), found

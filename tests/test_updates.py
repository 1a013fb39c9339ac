"""What was made once can be brought up to date by cruft: changes come, the user's own stay, secrets are untouched."""

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from harness.baking import DEFAULTS, OPPOSITE, environment
from harness.generator import Generator, as_git, commit, copy_template, git
from harness.interpreters import ROOT
from tests.conftest import Project, interpreter_or_skip

FOLDER = "{{cookiecutter.project_slug}}"
ON_GITHUB = replace(DEFAULTS, add_ons="github")
STEPS_BACK = 8  # changes of the project's folder since the version that is updated, while there are no tags


def said_by_git(folder, *arguments):
    return subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True).stdout.strip()


def older_version():
    """Return the commit of the newest tag before this one, or of an earlier change; skip where there is no history."""
    for tag in said_by_git(ROOT, "tag", "--merged", "HEAD", "--sort=-creatordate").splitlines():
        if said_by_git(ROOT, "diff", "--name-only", tag, "HEAD", "--", FOLDER):
            return said_by_git(ROOT, "rev-parse", f"{tag}^{{commit}}")
    changes = said_by_git(ROOT, "log", "--format=%H", f"-{STEPS_BACK}", "--", FOLDER).splitlines()
    if len(changes) < STEPS_BACK:
        pytest.skip("a shallow clone: no older version to update from")
    return changes[-1]


@pytest.fixture
def history(tmp_path):
    """This repository's own history, with the working tree as its newest version."""
    clone = tmp_path / "history"
    git(ROOT, "clone", "--quiet", ROOT, clone)
    git(clone, "rm", "--quiet", "-r", ".")
    copy_template(clone)
    git(clone, "add", "--all")
    git(clone, "commit", "--quiet", "--allow-empty", "--message", "the newest version")
    return clone


def create(generator, template, row, *options) -> Path:
    """Bake a project by cruft and commit it, as its user does."""
    answers = ["--no-input", "--config-file", generator.config, "--extra-context", json.dumps(row.answers)]
    done = generator.cruft("create", template, *answers, *options)
    assert done.returncode == 0, done.stdout + done.stderr
    project = generator.out / "my-site"
    git(project, "init", "--quiet")
    commit(project)
    return project


def update(generator, project) -> str:
    """Update a project and return what cruft said."""
    bytecode = {"PYTHONDONTWRITEBYTECODE": ""}  # as on most machines: the old version's lies in wait
    done = generator.cruft("update", "--skip-apply-ask", "--project-dir", project, **bytecode)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def conflicts(project) -> list[str]:
    """Return the files in which the user's changes and the template's meet."""
    rejected = [path.name for path in project.rglob("*.rej")]
    return rejected + said_by_git(project, "diff", "--name-only", "--diff-filter=U").splitlines()


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text, f"{file.name} has no {old!r}"
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def make_it_ones_own(project: Project) -> dict[str, str]:
    """Do what users do: an app, a setting, a home page, a dependency; return what must still be there afterwards."""
    path = project.path
    project.run("python", "manage.py", "startapp", "blog")
    for file in path.glob("blog/*.py"):  # as the README says, and so that its own linters are content
        project.run("ruff", "check", "--quiet", "--no-cache", "--fix", str(file))
        project.run("ruff", "format", "--quiet", "--no-cache", str(file))
    edit(path / "config/settings/base.py", '    "core",\n', '    "core",\n    "blog",\n')
    with (path / "config/settings/base.py").open("a", encoding="utf-8") as settings:
        settings.write("\n# Three days.\nSESSION_COOKIE_AGE = 3 * 24 * 60 * 60\n")
    edit(path / "templates/home.html", "</h1>", "</h1>\n    <p>Fresh fish every day.</p>")
    subprocess.run(
        [sys.executable, "-m", "uv", "add", "--quiet", "--no-sync", "markdown~=3.8"],
        cwd=path,
        env=os.environ | {"UV_PYTHON": str(project.environment / "bin" / "python"), "VIRTUAL_ENV": ""},
        check=True,
    )
    commit(path)
    return {
        "config/settings/base.py": '    "blog",\n',
        "config/settings/base.py ": "SESSION_COOKIE_AGE = 3 * 24 * 60 * 60\n",
        "templates/home.html": "<p>Fresh fish every day.</p>",
        "pyproject.toml": '"markdown~=3.8"',
        "blog/apps.py": "class BlogConfig",
    }


@pytest.mark.parametrize("row", [DEFAULTS, OPPOSITE], ids=str)
def test_a_project_of_an_older_version_is_brought_up_to_date(row, generator, history, tmp_path_factory):
    interpreter_or_skip(row.django_version)
    path = create(generator, history, row, "--checkout", older_version())
    project = Project(row, path, environment(row, tmp_path_factory.mktemp("requirements")))
    own = make_it_ones_own(project)
    secrets = (path / ".env").read_text(encoding="utf-8")

    update(generator, path)

    assert conflicts(path) == []
    for file, text in own.items():
        assert text in (path / file.strip()).read_text(encoding="utf-8")
    assert (path / ".env").read_text(encoding="utf-8") == secrets
    newest = Generator(tmp_path_factory.mktemp("newest"))
    fresh = create(newest, history, row)
    changed_by_user = {file.strip() for file in own} | {".cruft.json"}
    for name in said_by_git(fresh, "ls-files").splitlines():
        if name not in changed_by_user | {".python-version"}:
            assert (path / name).read_bytes() == (fresh / name).read_bytes(), name
    commit(path)
    assert generator.cruft("check", "--project-dir", path).returncode == 0
    assert " passed" in project.run("python", "-W", "error", "-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert "0 broken." in project.run("python", "-m", "rehearsal", "-p", "no:cacheprovider")


def newer_version(template):
    """Commit a version in which everything changes that an update can meet, and tag it."""
    project = template / FOLDER
    edit(template / "cookiecutter.json", '"_version": "', '"_version": "9.')
    edit(template / "cookiecutter.json", '"description":', '"company": "Fish & Co.",\n  "description":')
    # Of the same length: by it, and by the time in seconds, Python tells old bytecode from new.
    edit(template / "local_extensions.py", "ensure_ascii=False)[1:-1]", "ensure_ascii=False)[2:-1]")
    with (project / ".env.example").open("a") as example:
        example.write("# {{ cookiecutter.company }} {{ 'snewer' | quoted }}\n")
    binary = project / "locale/zh_Hans/LC_MESSAGES/django.mo"
    binary.write_bytes(binary.read_bytes() + b"\0newer")
    (project / "core/log.py").rename(project / "core/logs.py")
    (project / "templates/new.html").write_text("new\n")
    edit(project / "manage.py", "#!/usr/bin/env python", "#!/usr/bin/env python3")
    edit(project / "static/js/analytics.js", "", "// newer\n")
    commit(template)
    git(template, "tag", "v9.0.0")


def test_whatever_changes_is_brought(generator):
    template = as_git(generator.folder)
    path = create(generator, template, DEFAULTS)
    secrets = (path / ".env").read_text()
    (path / "static/js/analytics.js").unlink()
    commit(path)
    newer_version(template)
    said = generator.cruft("diff", "--project-dir", path).stdout
    assert secrets.partition("DJANGO_SECRET_KEY=")[2].splitlines()[0] not in said
    update(generator, path)
    assert conflicts(path) == []
    assert (path / ".env").read_text() == secrets
    assert (path / ".env.example").read_text().endswith("# Fish & Co. newer\n")
    assert not (path / "static/js/analytics.js").exists()  # what the user deleted
    assert (path / "locale/zh_Hans/LC_MESSAGES/django.mo").read_bytes().endswith(b"\0newer")
    assert (path / "core/logs.py").exists()
    assert not (path / "core/log.py").exists()
    assert (path / "templates/new.html").read_text() == "new\n"
    assert os.access(path / "manage.py", os.X_OK)
    assert 'version = "9.' in (path / "pyproject.toml").read_text()


def test_a_question_that_the_old_version_did_not_ask_can_be_answered(generator):
    template = as_git(generator.folder)
    path = create(generator, template, DEFAULTS)
    newer_version(template)
    answer = ["--skip-apply-ask", "--variables-to-update", '{"company": "Bread & Co."}']
    done = generator.cruft("update", *answer, "--project-dir", path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "# Bread & Co. newer\n" in (path / ".env.example").read_text()


def test_an_answer_can_be_changed_later(generator):
    path = create(generator, as_git(generator.folder), DEFAULTS)
    change = ["--skip-apply-ask", "--variables-to-update", '{"server": "uvicorn"}']
    done = generator.cruft("update", *change, "--project-dir", path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert conflicts(path) == []
    assert "web: uvicorn" in (path / "Procfile").read_text()
    assert (path / "core/example_async.py").exists()
    assert not (path / "gunicorn.conf.py").exists()


def test_where_both_changed_the_same_line_both_are_kept(generator):
    template = as_git(generator.folder)
    path = create(generator, template, DEFAULTS)
    edit(path / "templates/home.html", "</h1>", " of fish</h1>")
    commit(path)
    edit(template / FOLDER / "templates/home.html", "</h1>", ", newer</h1>")
    commit(template)
    update(generator, path)
    assert conflicts(path) == ["templates/home.html"]
    merged = (path / "templates/home.html").read_text()
    assert " of fish</h1>" in merged
    assert ", newer</h1>" in merged
    assert "<<<<<<<" in merged


def test_a_project_made_by_cookiecutter_can_be_linked(generator):
    template = as_git(generator.folder)
    assert generator.cookiecutter("--no-input", "project_name=Blue Shop", template=template).returncode == 0
    path = generator.out / "blue-shop"
    answers = ["--extra-context", '{"project_name": "Blue Shop"}', "--config-file", generator.config]
    done = generator.cruft("link", template, "--no-input", "--project-dir", path, *answers)
    assert done.returncode == 0, done.stdout + done.stderr
    git(path, "init", "--quiet")
    commit(path)
    newer_version(template)
    update(generator, path)
    assert (path / "templates/new.html").exists()
    assert "Blue Shop" in (path / "README.md").read_text(encoding="utf-8")


PROGRAM = """#!/bin/sh
echo "$(basename "$0") $*" >> "$CALLS"
"""


class Runner:
    """Runs the workflow's own scripts as GitHub does, with a bare repository on this machine for GitHub's."""

    def __init__(self, folder: Path, path: Path, **variables: str) -> None:
        self.folder = folder
        self.variables = {"MAY_CHANGE_WORKFLOWS": "true"} | variables
        self.programs = folder / "programs"
        self.programs.mkdir()
        for name in ("gh", "pipx"):
            (self.programs / name).write_text(PROGRAM)
            (self.programs / name).chmod(0o755)
        self.origin = folder / "origin.git"
        git(path, "clone", "--quiet", "--bare", path, self.origin)
        self.workflow = yaml.safe_load((path / ".github/workflows/slipway-update.yml").read_text())

    def step(self, number: int, **variables: str) -> None:
        step = self.workflow["jobs"]["update"]["steps"][number]
        env = os.environ | self.workflow["env"] | self.variables | variables
        env["PATH"] = os.pathsep.join([str(self.programs), str(Path(sys.executable).parent), os.environ["PATH"]])
        done = subprocess.run(
            ["bash", "-e", "-c", step["run"]], cwd=self.clone, env=env, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def run(self) -> str:
        """Run it in a fresh clone, and return the calls of gh and pipx."""
        self.clone = Path(tempfile.mkdtemp(dir=self.folder)) / "clone"
        depth = self.workflow["jobs"]["update"]["steps"][0]["with"].get("fetch-depth", 1)
        shallow = [f"--depth={depth}"] if depth else []
        git(self.folder, "clone", "--quiet", *shallow, f"file://{self.origin}", self.clone)
        calls, outputs = self.clone.parent / "calls", self.clone.parent / "outputs"
        calls.touch()
        outputs.touch()
        self.step(1, CALLS=str(calls), GITHUB_OUTPUT=str(outputs))
        if outputs.read_text():
            self.step(2, CALLS=str(calls), BODY=outputs.read_text().removeprefix("offer=").strip())
        return calls.read_text()


@pytest.fixture
def offered(generator):
    """A project on GitHub, as it were, whose template has a version to offer; a commit of the user's comes before."""

    def offer(change=None, **variables):
        template = as_git(generator.folder)
        git(template, "tag", "v1.0.0")
        path = create(generator, template, ON_GITHUB)
        if change:
            change(path)
            commit(path)
        runner = Runner(generator.folder, path, **variables)
        assert "gh pr" not in runner.run()  # there is nothing new
        return template, runner

    return offer


def test_the_workflow_offers_a_new_version_once(offered):
    template, runner = offered()
    edit(template / FOLDER / "README.md", "", "Not released.\n")
    commit(template)
    assert "gh pr" not in runner.run()
    newer_version(template)
    calls = runner.run()
    assert "gh auth setup-git\n" in calls
    assert "gh pr create --head slipway-update" in calls
    assert "up to its version v9.0.0." in calls
    assert "conflicts" not in calls
    assert "newer" in said_by_git(runner.origin, "show", "slipway-update:.env.example")
    assert ".env" not in said_by_git(runner.origin, "ls-tree", "--name-only", "slipway-update").splitlines()
    assert "gh" not in runner.run().replace("pipx", "")  # it is offered already


def test_the_workflow_names_conflicts_and_leaves_their_resolution_alone(offered):
    template, runner = offered(lambda path: edit(path / "templates/home.html", "</h1>", " of fish</h1>"))
    edit(template / FOLDER / "templates/home.html", "</h1>", ", newer</h1>")
    newer_version(template)
    assert "Resolve the conflicts in: templates/home.html" in runner.run()
    assert "<<<<<<<" in said_by_git(runner.origin, "show", "slipway-update:templates/home.html")
    resolved = runner.folder / "resolved"
    git(runner.folder, "clone", "--quiet", "--branch", "slipway-update", runner.origin, resolved)
    (resolved / "templates/home.html").write_text("resolved\n")
    commit(resolved)
    git(resolved, "push", "--quiet")
    git(template, "commit", "--quiet", "--allow-empty", "--message", "newer still")
    git(template, "tag", "v9.1.0")
    assert "gh" not in runner.run().replace("pipx", "")
    assert said_by_git(runner.origin, "show", "slipway-update:templates/home.html") == "resolved"


def test_the_workflow_leaves_workflows_out_without_a_token(offered):
    template, runner = offered(MAY_CHANGE_WORKFLOWS="false")
    edit(template / FOLDER / ".github/workflows/slipway-update.yml", "# Looks", "# Newer. Looks")
    (template / FOLDER / ".github/workflows/new.yml").write_text("name: new\n")
    newer_version(template)
    assert "Changes of workflows are left out" in runner.run()
    changed = said_by_git(runner.origin, "diff", "--name-only", "HEAD", "slipway-update").splitlines()
    assert "templates/new.html" in changed
    assert [name for name in changed if name.startswith(".github/")] == []


def test_the_workflow_does_nothing_in_a_project_that_cruft_did_not_make(offered):
    _, runner = offered(lambda path: (path / ".cruft.json").unlink())
    assert runner.run() == ""

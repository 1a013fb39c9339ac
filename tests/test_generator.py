"""Baking is whole or not at all, overwrites nothing, needs no network, and gives the same by every way."""

import json
import os
import shutil
import signal
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner
from cookiecutter.exceptions import OutputDirExistsException

import local_command
from harness.baking import CACHE, CHOICES, QUESTIONS
from harness.generator import Generator, as_git, copy_template, git
from harness.interpreters import ROOT, interpreters
from harness.serving import wait_for
from local_answers import ASKED

DEFAULT_NAME = "my-site"


def test_a_secret_key_is_fresh_and_in_no_tracked_or_replay_file(generator):
    keys = set()
    for number in range(2):
        folder = generator.folder / str(number)
        assert generator.cookiecutter("--no-input", "-o", folder).returncode == 0
        project = folder / "my-site"
        (key,) = [line for line in (project / ".env").read_text().splitlines() if line.startswith("DJANGO_SECRET_KEY=")]
        secret = key.partition("=")[2]
        assert len(secret) > 50
        assert ".env" in (project / ".gitignore").read_text().split()
        others = [path for path in project.rglob("*") if path.is_file() and path.name != ".env"]
        assert [path for path in others if secret.encode() in path.read_bytes()] == []
        assert secret not in "".join(file.read_text() for file in generator.replay.iterdir())
        keys.add(secret)
    assert len(keys) == 2


def test_an_existing_folder_is_left_alone(generator):
    kept = generator.out / DEFAULT_NAME / "templates" / "mine.html"
    kept.parent.mkdir(parents=True)
    kept.write_text("mine")
    for force in ([], ["--overwrite-if-exists"], ["--skip-if-file-exists"]):
        done = generator.cookiecutter("--no-input", *force)
        assert done.returncode == 1
        assert "project_slug: my-site exists, and is left alone; expected another, such as: my-site-2" in done.stdout
        assert [path.name for path in generator.out.rglob("*")] == [DEFAULT_NAME, "templates", "mine.html"]
        assert kept.read_text() == "mine"


def test_an_existing_folder_is_left_alone_by_a_replay_file_that_lacks_answers(generator):
    kept = generator.out / DEFAULT_NAME / "mine.txt"
    kept.parent.mkdir()
    kept.write_text("mine")
    replay = generator.folder / "partial.json"
    replay.write_text(
        json.dumps({"cookiecutter": {name: QUESTIONS[name] for name in ASKED} | {"project_slug": DEFAULT_NAME}})
    )
    done = generator.cookiecutter("--replay-file", replay, "--overwrite-if-exists")
    assert "project_slug: my-site exists" in done.stdout
    assert [path.name for path in generator.out.rglob("*")] == [DEFAULT_NAME, "mine.txt"]


def test_a_replay_file_of_an_older_version_makes_a_project_of_this_one(generator):
    assert (
        generator.cookiecutter("--no-input", "server=uvicorn", "--output-dir", generator.folder / "first").returncode
        == 0
    )
    (replay,) = generator.replay.iterdir()
    context = json.loads(replay.read_text())
    context["cookiecutter"] |= {"_version": "0.0.1", "_copy_without_render": ["templates", "static"]}
    replay.write_text(json.dumps(context))
    done = generator.cookiecutter("--replay-file", replay)
    assert done.returncode == 0, done.stdout + done.stderr
    made = contents(generator.out / DEFAULT_NAME)
    assert made == contents(generator.folder / "first" / DEFAULT_NAME)


def test_hooks_cannot_be_skipped(generator):
    generator.assert_refused(
        generator.cookiecutter("--no-input", "--accept-hooks", "no"), "--accept-hooks no: expected yes"
    )


def test_nobody_need_read_what_is_said(generator):
    command = f"{sys.executable} -m cookiecutter {ROOT} --no-input --config-file {generator.config}"
    for number, ending in enumerate(("| true", ">/dev/full", ">&-")):
        done = subprocess.run(  # noqa: S602 (endings for a shell)
            f"{command} project_slug=site-{number} {ending}",
            shell=True,
            cwd=generator.out,
            capture_output=True,
            text=True,
        )
        assert done.stderr == ""
        assert (generator.out / f"site-{number}" / ".env").exists()


def test_a_template_that_nobody_may_write_to_makes_a_project_that_its_owner_may(generator):
    template = generator.folder / "template"
    copy_template(template)
    for path in [template, *template.rglob("*")]:
        path.chmod(path.stat().st_mode & ~0o222)
    # Root may write all the same, unless it gives that right up.
    humbly = ["setpriv", "--bounding-set=-dac_override"] if os.getuid() == 0 else []
    command = [*humbly, sys.executable, "-m", "cookiecutter", template, "--no-input", "--config-file", generator.config]
    done = subprocess.run(command, cwd=generator.out, capture_output=True, text=True)
    for path in [template, *template.rglob("*")]:
        path.chmod(path.stat().st_mode | 0o200)
    assert done.returncode == 0, done.stdout + done.stderr
    project = generator.out / DEFAULT_NAME
    assert (project / ".env").exists()
    assert [path for path in project.rglob("*") if not path.stat().st_mode & 0o200] == []


def test_the_temporary_folder_is_left_clean(generator):
    (generator.folder / "tmp").mkdir()
    assert generator.cookiecutter("--no-input", TMPDIR=str(generator.folder / "tmp")).returncode == 0
    assert list((generator.folder / "tmp").iterdir()) == []


def test_a_name_too_long_for_the_disk_is_one_clear_line(generator):
    done = generator.cookiecutter("--no-input", "--output-dir", "a" * 300)
    assert "File name too long" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert list(generator.out.iterdir()) == []


def test_an_existing_file_is_left_alone(generator):
    (generator.out / DEFAULT_NAME).write_text("mine")
    done = generator.cookiecutter("--no-input")
    assert "project_slug: my-site exists" in done.stdout
    assert (generator.out / DEFAULT_NAME).read_text() == "mine"


def test_a_project_says_which_three_commands_come_next(generator):
    said = generator.cookiecutter("--no-input", "language=zh-hans").stdout
    assert [word for word in ("cd my-site", "manage.py migrate", "manage.py runserver") if word not in said] == []


def test_updates_do_not_say_what_comes_next(generator):
    template = as_git(generator.folder)
    assert "Next:" in generator.cruft("create", template, "--no-input", "--config-file", generator.config).stdout
    assert generator.cruft("diff", "--project-dir", generator.out / DEFAULT_NAME).stdout == ""


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("projct_name=Blue Shop", "projct_name: is not asked"),
        ("Server=uvicorn", "Did you mean server?"),
        ("server=Uvicorn", "Did you mean uvicorn?"),
        ("postgres_driver=PSYCOPG", "Did you mean psycopg?"),
        ("language=zh-Hans", "Did you mean zh-hans?"),
        ("add_ons=GitHub", "Did you mean github?"),
        ("add_ons=github docker", "add_ons 'github docker': expected any of: github"),
        ("add_ons=Y", "add_ons 'Y': expected any of: github"),
        ("__judged=yes", "__judged: is not asked"),
        ("_version=9", "_version: is not asked"),
    ],
)
def test_what_is_not_known_gets_a_helpful_line(generator, answer, words):
    generator.assert_refused(generator.cookiecutter("--no-input", answer), words)


def test_cruft_is_told_too_what_is_not_asked(generator):
    options = ["--no-input", "--config-file", generator.config, "--extra-context", '{"projct_name": "Blue Shop"}']
    done = generator.cruft("create", as_git(generator.folder), *options)
    generator.assert_refused(done, "projct_name: is not asked", "Did you mean project_name?")


def as_root(script, cwd):
    """Run a script as root of a namespace of its own, where it may mount; skip where that is not allowed."""
    command = ["unshare", "--user", "--map-root-user", "--mount"]
    if not shutil.which("unshare") or subprocess.run([*command, "true"], capture_output=True).returncode:
        pytest.skip("no user namespaces here")
    return subprocess.run([*command, "/bin/sh", "-ec", script], cwd=cwd, capture_output=True, text=True)


@pytest.mark.parametrize(
    ("size", "options", "reason"),
    [("200k", "rw", "No space left on device"), ("10m", "ro", "Read-only file system")],
    ids=["full", "read-only"],
)
def test_a_disk_that_takes_no_files_is_one_clear_line(generator, size, options, reason):
    bake = f"{sys.executable} -m cookiecutter {ROOT} --no-input --config-file {generator.config} --output-dir disk"
    script = f"mkdir disk; mount -t tmpfs -o size={size},{options} none disk; {bake} || ls -A disk"
    done = as_root(script, generator.out)
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("Nothing was made, because a file could not be written: ")
    assert reason in line
    assert line.endswith("expected room on the disk and the right to write there")


COMMANDS = {
    "cookiecutter": ["cookiecutter", ROOT, "--no-input", "--config-file"],
    "cruft": ["cruft", "create", ROOT, "--no-input", "--config-file"],
}


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda end: end.name)
@pytest.mark.parametrize("last_seen", [".", "README.md", "users", ".python-version"])
@pytest.mark.parametrize("program", COMMANDS)
def test_an_interruption_leaves_a_whole_project_or_none(generator, program, last_seen, end):
    command = [sys.executable, "-m", *COMMANDS[program], generator.config]
    if program == "cruft":
        command[4] = as_git(generator.folder)
    running = subprocess.Popen(
        [*map(str, command)], cwd=generator.out, stdout=-1, stderr=-1, text=True, start_new_session=True
    )
    seen = generator.out / DEFAULT_NAME / last_seen
    wait_for(lambda: seen.exists() or running.poll() is not None, f"{last_seen} to be written")
    os.killpg(running.pid, end)
    said = "".join(running.communicate(timeout=30))
    assert "Traceback" not in said
    # When the signal came too late, the last file is there as well.
    assert list(generator.out.iterdir()) == [] or (generator.out / DEFAULT_NAME / ".env").exists()


@pytest.mark.parametrize(
    ("end", "is_kept"),
    [
        (None, True),
        (SystemExit(1), True),
        (OutputDirExistsException("another command was faster"), True),
        (KeyboardInterrupt(), False),
        (OSError("the disk is full"), False),
    ],
    ids=repr,
)
def test_only_a_folder_of_its_own_is_removed_and_only_when_it_failed(end, is_kept, tmp_path):
    @click.command()
    def command():
        local_command.watch(tmp_path / "project")
        (tmp_path / "project").mkdir()
        if end:
            raise end

    CliRunner().invoke(command)
    assert (tmp_path / "project").exists() == is_kept


# Runs as each Python starts, the hooks' included.
NO_SOCKETS = """
import sys

def refuse(event, arguments):
    if event == "socket.__new__":
        raise AssertionError("a socket was opened")

sys.addaudithook(refuse)
"""


def test_no_socket_is_opened(generator):
    (generator.folder / "sitecustomize.py").write_text(NO_SOCKETS)
    blocked = {"PYTHONPATH": str(generator.folder)}
    assert "a socket was opened" in generator.run("http.server", "0", **blocked).stderr
    done = generator.cookiecutter("--no-input", **blocked)
    assert done.returncode == 0, done.stdout + done.stderr


def test_git_is_not_needed(generator):
    done = generator.cookiecutter("--no-input", PATH=str(generator.folder))
    assert done.returncode == 0, done.stdout + done.stderr


def contents(project):
    """Return every file's bytes and run bit, secrets aside."""
    found = {}
    for path in sorted(path for path in project.rglob("*") if path.is_file() and path.name != ".cruft.json"):
        content = path.read_bytes()
        if path.name == ".env":
            content = b"\n".join(line for line in content.split(b"\n") if not line.startswith(b"DJANGO_SECRET_KEY="))
        found[path.relative_to(project).as_posix()] = (content, bool(path.stat().st_mode & 0o100))
    return found


ALL_ADD_ONS = " ".join(CHOICES["add_ons"])
EVERYTHING = ["--no-input", f"add_ons={ALL_ADD_ONS}"]


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    return as_git(tmp_path_factory.mktemp("as-git"))


def by_zip_file(generator, template):
    archive = generator.folder / "slipway.zip"
    git(template, "archive", "--prefix=slipway/", f"--output={archive}", "HEAD")
    return generator.cookiecutter(*EVERYTHING, template=archive)


def by_git_address(generator, template):
    bare = generator.folder / "slipway.git"
    git(template, "clone", "--quiet", "--bare", template, bare)
    return generator.cookiecutter(*EVERYTHING, template=f"git+file://{bare}", HOME=str(generator.folder))


def by_cruft(generator, template):
    answers = json.dumps({"add_ons": ALL_ADD_ONS})
    options = ["--no-input", "--config-file", generator.config, "--extra-context", answers]
    return generator.cruft("create", template, *options)


def by_uvx(generator, template, python=sys.executable):
    command = ["tool", "run", "--quiet", "--python", python, "cookiecutter"]
    return generator.run("uv", *command, template, "--config-file", generator.config, *EVERYTHING)


def by_pipx(generator, template):
    command = ["tool", "run", "--quiet", "pipx", "run", "--python", sys.executable, "cookiecutter"]
    home = {"PIPX_HOME": str(CACHE / "pipx"), "PIPX_BIN_DIR": str(CACHE / "pipx" / "bin")}
    return generator.run("uv", *command, template, "--config-file", generator.config, *EVERYTHING, **home)


@pytest.fixture(scope="session")
def reference(template, tmp_path_factory):
    """What cookiecutter makes of the template in a folder."""
    generator = Generator(tmp_path_factory.mktemp("reference"))
    done = generator.cookiecutter(*EVERYTHING, template=template)
    assert done.returncode == 0, done.stdout + done.stderr
    return contents(generator.out / DEFAULT_NAME)


@pytest.mark.parametrize("way", [by_uvx, by_pipx, by_cruft, by_zip_file, by_git_address])
def test_every_way_gives_the_same(way, generator, template, reference):
    done = way(generator, template)
    assert done.returncode == 0, done.stdout + done.stderr
    assert contents(generator.out / DEFAULT_NAME) == reference


VERSIONS = sorted(interpreters(), key=lambda version: int(version.removeprefix("3.")))


@pytest.mark.parametrize("version", [version for version in VERSIONS if int(version.removeprefix("3.")) >= 10])
def test_every_python_gives_the_same(version, generator, template, reference):
    done = by_uvx(generator, template, interpreters()[version])
    assert done.returncode == 0, done.stdout + done.stderr
    made = contents(generator.out / DEFAULT_NAME)
    assert {name for name in reference if made.get(name) != reference[name]} <= {".python-version"}
    assert set(made) == set(reference)


@pytest.mark.skipif("3.9" not in VERSIONS, reason="no Python 3.9 here")
def test_an_old_python_is_one_clear_line(generator, template):
    done = by_uvx(generator, template, interpreters()["3.9"])
    generator.assert_refused(done, "expected Python 3.10 or newer, such as: uvx --python 3.13 cookiecutter")


def test_a_project_is_fit_for_windows(reference):
    assert len({name.lower() for name in reference}) == len(reference)
    assert not [name for name in reference if set(name) & set('<>:"|?*\\')]
    assert not [name for name, (content, _) in reference.items() if b"\r" in content and not name.endswith(".mo")]


def test_scripts_can_be_run(reference):
    scripts = {name for name, (content, _) in reference.items() if content.startswith(b"#!")}
    can_be_run = {name for name, (_, run_bit) in reference.items() if run_bit}
    assert can_be_run == scripts == {"manage.py", "deploy/release.sh"}

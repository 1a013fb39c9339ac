"""The rehearsal keeps all its promises on every kind of project, and breaks the right ones for each mistake.

Mistakes that do not get in each other's way are made together, to save minutes: a batch must break what its
mistakes break and nothing else. With SLIPWAY_MISTAKES=alone each is made in a project of its own.
"""

import os
import re
import signal
import socket
import subprocess
import xml.etree.ElementTree as ElementTree

import pytest
from allpairspy import AllPairs

from harness.baking import DEFAULTS, SERVER_SIDE, Row
from harness.interpreters import ROOT
from harness.serving import wait_for
from tests.conftest import Project, make_project
from tests.mutations import DEPLOY, MUTATIONS, Mutation

AT_MOST = 12  # mistakes made together


def fit(one: Mutation, other: Mutation) -> bool:
    """Whether each of two mistakes can be seen beside the other; several may break Django's deployment checks."""
    if "*" in one.hides | other.hides or one.server != other.server:
        return False
    one_sees, other_sees = one.breaks - {DEPLOY}, other.breaks - {DEPLOY}
    return not (one_sees & (other_sees | other.hides) or other_sees & one.hides)


def in_batches(mutations: list[Mutation]) -> list[list[Mutation]]:
    """Put mistakes together that fit."""
    at_most = 1 if os.environ.get("SLIPWAY_MISTAKES") == "alone" else AT_MOST
    batches: list[list[Mutation]] = []
    for mutation in mutations:
        for batch in batches:
            if len(batch) < at_most and all(fit(mutation, other) for other in batch):
                batch.append(mutation)
                break
        else:
            batches.append([mutation])
    return batches


BATCHES = in_batches(MUTATIONS)


def rehearse(project: Project, expected: int, **variables: str) -> tuple[dict[str, set[str]], str]:
    """Run a project's rehearsal; return its tests' names (without « test_ ») by outcome, and what it printed."""
    report = project.path / "rehearsal.xml"
    options = ["-p", "no:cacheprovider", "--tb=short", f"--junitxml={report}"]
    out = project.run("python", "-m", "rehearsal", *options, expected=expected, **variables)
    outcomes: dict[str, set[str]] = {"passed": set(), "failure": set(), "error": set(), "skipped": set()}
    for case in ElementTree.parse(report).iter("testcase"):  # noqa: S314 (our own file)
        name = case.get("name", "").partition("[")[0].removeprefix("test_")
        for kind in {child.tag for child in case} & set(outcomes) or {"passed"}:
            outcomes[kind].add(name)
    return outcomes, out


def make_mistake(project: Project, mistake: Mutation) -> None:
    for name, old, new in mistake.edits:
        file = project.path / name
        if new is None:
            file.unlink()
        else:
            text = file.read_text(encoding="utf-8")
            assert old in text, f"{mistake.name}: {name} has no {old!r}"
            file.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.fixture(scope="session")
def rehearsed(tmp_path_factory):
    """Return what came of a batch's rehearsal; each batch is rehearsed once."""
    known: dict[int, tuple[dict[str, set[str]], str]] = {}

    def look_up(number: int) -> tuple[dict[str, set[str]], str]:
        if number not in known:
            row = Row(server=BATCHES[number][0].server)
            project = make_project(row, tmp_path_factory)
            for mistake in BATCHES[number]:
                make_mistake(project, mistake)
            known[number] = rehearse(project, expected=1)
        return known[number]

    return look_up


def batch_parameters():
    return [
        pytest.param(number, id=batch[0].name.replace(" ", "-"), marks=pytest.mark.xdist_group(f"batch-{number}"))
        for number, batch in enumerate(BATCHES)
    ]


def mistake_parameters():
    return [
        pytest.param(
            number, mistake, id=mistake.name.replace(" ", "-"), marks=pytest.mark.xdist_group(f"batch-{number}")
        )
        for number, batch in enumerate(BATCHES)
        for mistake in batch
    ]


@pytest.mark.parametrize(("number", "mistake"), mistake_parameters())
def test_each_mistake_breaks_its_promises(number, mistake, rehearsed):
    outcomes, out = rehearsed(number)
    assert mistake.breaks <= outcomes["failure"], out


@pytest.mark.parametrize("number", batch_parameters())
def test_mistakes_break_no_other_promise(number, rehearsed):
    outcomes, out = rehearsed(number)
    hidden = {promise for mistake in BATCHES[number] for promise in mistake.hides}
    expected = {promise for mistake in BATCHES[number] for promise in mistake.breaks}
    assert outcomes["failure"] - hidden == expected, out
    assert "*" in hidden or outcomes["error"] <= hidden, out


def all_promises() -> set[str]:
    files = (ROOT / "{{cookiecutter.project_slug}}" / "rehearsal").glob("test_*.py")
    return {name for file in files for name in re.findall(r"^def test_(\w+)", file.read_text("utf-8"), re.M)}


@pytest.mark.parametrize("readme", ["README.md", "README.zh-CN.md"])
def test_the_readme_counts_right(readme):
    text = (ROOT / readme).read_text(encoding="utf-8")
    assert re.findall(r"(\d+) (?:promises|个承诺)", text) == [str(len(all_promises()))]
    assert re.findall(r"(\d+) (?:mistakes|种人们常犯的错误)", text) == [str(len(MUTATIONS))]


def test_every_promise_can_be_broken():
    promises = all_promises()
    broken = {promise for mistake in MUTATIONS for promise in mistake.breaks}
    # No option of gunicorn's or uvicorn's turns off the watch over their workers.
    assert promises - broken == {"a_killed_worker_is_replaced"}
    assert broken <= promises


# Each two of Django's versions, servers, drivers and databases meet.
GREEN = [
    pytest.param(Row(*choices), database, id=f"{Row(*choices)}-{database}")
    for *choices, database in AllPairs([*SERVER_SIDE.values(), ["sqlite", "postgresql"]])
]


def files_of(project: Project) -> set[str]:
    found = {path.relative_to(project.path).as_posix() for path in project.path.rglob("*")}
    return {path for path in found if "__pycache__" not in path} - {"rehearsal.xml"}


@pytest.mark.parametrize(("row", "database"), GREEN)
def test_a_fresh_project_keeps_every_promise_and_leaves_nothing_behind(
    row, database, tmp_path_factory, tmp_path, request
):
    project = make_project(row, tmp_path_factory)
    before = files_of(project)
    url = request.getfixturevalue("postgres") if database == "postgresql" else ""
    outcomes, out = rehearse(project, expected=0, REHEARSAL_DATABASE_URL=url, TMPDIR=str(tmp_path))
    assert outcomes["failure"] | outcomes["error"] | outcomes["skipped"] == set(), out
    assert f"{len(all_promises())} promises kept, 0 broken." in out
    assert outcomes["passed"] == all_promises()
    assert list(tmp_path.iterdir()) == []
    assert files_of(project) == before
    if url:
        driver = row.postgres_driver.removesuffix("-binary")
        question = "cursor.execute('SELECT datname FROM pg_database'); print(cursor.fetchall())"
        code = f"import {driver}; cursor = {driver}.connect({url!r}).cursor(); {question}"
        databases = project.run("python", "-c", code)
        assert "template1" in databases
        assert "rehearsal_" not in databases


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return make_project(DEFAULTS, tmp_path_factory)


ONE_PROMISE = ["-p", "no:cacheprovider", "-k", "migrations_are_complete"]


def test_junit_names_the_promises(project):
    project.run("python", "-m", "rehearsal", *ONE_PROMISE, "--junitxml=rehearsal.xml")
    report = ElementTree.parse(project.path / "rehearsal.xml")  # noqa: S314 (our own file)
    (promise,) = report.iter("property")
    assert promise.attrib == {"name": "promise", "value": "Every change of a model has its migration."}


def test_colour_is_for_who_wants_it(project):
    assert "\x1b[32m" in project.run("python", "-m", "rehearsal", *ONE_PROMISE, FORCE_COLOR="1")
    assert "\x1b" not in project.run("python", "-m", "rehearsal", *ONE_PROMISE, FORCE_COLOR="1", NO_COLOR="1")
    assert "\x1b" not in project.run("python", "-m", "rehearsal", *ONE_PROMISE)


def test_signs_are_plain_where_the_terminal_has_no_others(project):
    out = project.run("python", "-m", "rehearsal", *ONE_PROMISE, PYTHONIOENCODING="ascii")
    assert "  ok     Every change of a model has its migration." in out


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("postgres//nobody", "begins with none of"),
        ("postgres://ann:secret-word@127.0.0.1:1/site", "refused"),
    ],
)
def test_a_database_server_that_will_not_do_is_refused_in_one_line(project, url, why):
    out = project.run("python", "-m", "rehearsal", *ONE_PROMISE, expected=2, REHEARSAL_DATABASE_URL=url)
    (line,) = [line for line in out.splitlines() if "REHEARSAL_DATABASE_URL cannot be used" in line]
    assert why in line
    assert "for example postgres://" in line
    assert "secret-word" not in out
    assert "Traceback" not in out


def is_open(port: int) -> bool:
    with socket.socket() as visitor:
        return visitor.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_it_leaves_nothing_behind(project, tmp_path, end):
    command = [project.environment / "bin" / "python", "-m", "rehearsal", "-p", "no:cacheprovider"]
    env = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "TMPDIR": str(tmp_path)}
    running = subprocess.Popen(command, cwd=project.path, env=env, stdout=subprocess.PIPE, text=True)

    def ports():
        return [int(log.stem) for log in tmp_path.glob("rehearsal-*/*.stdout")]

    wait_for(lambda: any(map(is_open, ports())), "its first server")
    used = ports()
    running.send_signal(end)
    out, _ = running.communicate(timeout=30)
    assert running.returncode == 2, out
    assert list(tmp_path.iterdir()) == []
    for port in used:  # the kernel may take a moment to clear up
        wait_for(lambda port=port: not is_open(port), f"port {port} to be closed", patience=5)

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.baking import ROWS, Row, bake, environment
from harness.generator import Generator
from harness.interpreters import SUPPORTED, interpreter_for
from harness.serving import postgres_server, production_environment, run


class Project:
    """A baked project and the virtual environment that it runs in."""

    def __init__(self, row: Row, path: Path, environment: Path) -> None:
        self.row = row
        self.path = path
        self.environment = environment

    def run(self, *command: str, expected: int = 0, **variables: str) -> str:
        """Run one of the environment's programs in the project's folder, on its own default settings."""
        env = {"PATH": f"{self.environment / 'bin'}{os.pathsep}{os.environ['PATH']}", "HOME": os.environ["HOME"]}
        env |= {"PYTHONDONTWRITEBYTECODE": "1"}
        program = self.environment / "bin" / command[0]
        return run(program, *command[1:], cwd=self.path, env=env | variables, expected=expected)

    def production(self, **variables: str) -> dict[str, str]:
        """Return an environment for production."""
        return production_environment(self.environment, **variables)


def rows(*chosen: Row) -> list:
    """Return pytest parameters; with pytest-xdist all tests of a row run on one worker."""
    return [pytest.param(row, id=str(row), marks=pytest.mark.xdist_group(str(row))) for row in chosen]


@pytest.fixture(scope="session", params=rows(*ROWS))
def project(request, tmp_path_factory) -> Project:
    return make_project(request.param, tmp_path_factory)


def interpreter_or_skip(django_version: str) -> str:
    """Return an interpreter that this Django supports; where there is none skip the test, or fail it in CI."""
    found = interpreter_for(django_version)
    if found is None:
        reason = f"Django {django_version} needs Python {SUPPORTED[django_version][0]} or newer: none was found"
        assert not os.environ.get("SLIPWAY_SKIP_NOTHING"), reason
        pytest.skip(reason)
    return found


def make_project(row: Row, tmp_path_factory, **answers: str) -> Project:
    """Bake a project with a row's choices and further answers; skip the test where no interpreter will do."""
    interpreter_or_skip(row.django_version)
    folder = tmp_path_factory.mktemp(str(row))
    return Project(row, bake(folder, **row.answers | answers), environment(row, folder))


@pytest.fixture
def generator(tmp_path) -> Generator:
    return Generator(tmp_path)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a real PostgreSQL server (one for each pytest-xdist worker)."""
    with postgres_server() as server:
        yield server.get_uri()

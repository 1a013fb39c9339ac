import pytest
from asgiref.sync import async_to_sync
from django.core.cache import cache
from django.db import connection
from django.test import AsyncClient


def refuse(*args, **kwargs):
    raise ConnectionError("canary: details that are nobody's business")


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
@pytest.mark.django_db
def test_probes_come_over_http_and_by_any_host(client, settings, path):
    settings.SECURE_SSL_REDIRECT = True
    response = client.get(path, headers={"host": "10.0.0.7:8000"})
    assert response.status_code == 200
    assert response.json() == {"status": "ok"}
    assert response["Cache-Control"] == "no-store"
    assert client.post(path).status_code == 405


def test_live_needs_no_database(client):
    assert client.get("/livez").status_code == 200


@pytest.mark.django_db
def test_ready_says_which_part_failed_and_nothing_more(client, monkeypatch, error_mails):
    monkeypatch.setattr(cache, "set", refuse)
    assert client.get("/readyz").json() == {"status": "failed", "failed": ["cache"]}
    monkeypatch.setattr(connection, "cursor", refuse)
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json() == {"status": "failed", "failed": ["database", "cache"]}
    assert error_mails() == []


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_probes_are_answered_under_asgi_too(path):
    response = async_to_sync(AsyncClient().get)(path)
    assert response.json() == {"status": "ok"}

import pytest
from django.conf import settings
from django.test import Client

pytestmark = pytest.mark.urls("tests.urls")


@pytest.fixture
def visitor():
    return Client(raise_request_exception=False)


def test_an_unhandled_exception_mails_the_admins_once(visitor, error_mails):
    visitor.get("/fail/")
    (mail,) = error_mails()
    assert mail.subject.startswith(settings.EMAIL_SUBJECT_PREFIX)
    assert "/fail/" in mail.subject
    assert mail.to == ["ann@example.com"]
    assert "RuntimeError at /fail/" in mail.body
    assert "the view is broken" in mail.body


def test_a_storm_of_the_same_error_sends_a_few_mails(visitor, error_mails):
    for _ in range(100):
        visitor.get("/fail/")
    assert len(error_mails()) == 3
    visitor.get("/fail-otherwise/")
    assert len(error_mails()) == 4


def test_error_mail_holds_no_secrets(visitor, error_mails, settings):
    settings.CACHES = {"default": {"LOCATION": "redis://:canary-1@localhost"}}
    settings.AWS_SECRET_ACCESS_KEY = "canary-2"
    visitor.cookies["__Host-sessionid"] = "canary-3"
    headers = {"authorization": "Bearer canary-4"}
    visitor.post("/fail/", {"password1": "canary-5", "name": "Ann"}, headers=headers)
    (mail,) = error_mails()
    assert "Ann" in mail.body
    assert "canary" not in mail.body


def test_what_strangers_provoke_mails_nobody(visitor, error_mails):
    visitor.get("/", headers={"host": "forged.example"})
    visitor.get("/nowhere/")
    visitor.get("/forbid/")
    assert visitor.get("/suspect/").status_code == 400
    assert error_mails() == []


def test_a_mail_server_that_is_down_costs_nobody_the_500_page(
    visitor, error_mails, monkeypatch, caplog
):
    def refuse(*args, **kwargs):
        raise ConnectionRefusedError

    monkeypatch.setattr("core.error_mail.mail_admins", refuse)
    assert visitor.get("/fail/").status_code == 500
    assert error_mails() == []
    assert "Error mail could not be sent: ConnectionRefusedError" in caplog.text

import socket

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


def test_errors_that_django_raises_for_two_views_are_two_errors(visitor, error_mails):
    for _ in range(5):
        visitor.get("/fail-in-django/")
    visitor.get("/fail-in-django-too/")
    assert [mail.subject.split()[-1] for mail in error_mails()[2:]] == [
        "/fail-in-django/",
        "/fail-in-django-too/",
    ]


def test_error_mail_holds_no_secrets(visitor, error_mails, settings):
    settings.CACHES = {"default": {"LOCATION": "redis://:canary-1@localhost"}}
    settings.AWS_SECRET_ACCESS_KEY = "canary-2"
    visitor.cookies["__Host-sessionid"] = "canary-3"
    headers = {"authorization": "Bearer canary-4", "referer": "https://example.com/?token=canary-5"}
    form = {"password1": "canary-6", "name": "Ann"}
    visitor.post("/fail/?token=canary-7&page=2", form, headers=headers)
    (mail,) = error_mails()
    assert "Ann" in mail.body
    assert "page = '2'" in mail.body
    assert "canary" not in mail.body


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/x-www-form-urlencoded; charset=utf-16", b"name=x"),
        ("application/x-www-form-urlencoded", b"&".join(b"n%d=x" % n for n in range(2000))),
        ("multipart/form-data", b"no boundary"),
    ],
)
def test_a_form_that_cannot_be_read_does_not_hide_the_error(
    visitor, error_mails, content_type, body
):
    assert visitor.post("/fail/", body, content_type=content_type).status_code == 500
    (mail,) = error_mails()
    assert "the view is broken" in mail.body


def test_what_strangers_provoke_mails_nobody(visitor, error_mails):
    visitor.get("/", headers={"host": "forged.example"})
    visitor.get("/nowhere/")
    visitor.get("/forbid/")
    assert visitor.get("/suspect/").status_code == 400
    assert error_mails() == []


def test_a_mail_server_that_is_down_costs_nobody_the_500_page(
    visitor, error_mails, settings, caplog
):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    smtp = "django.core.mail.backends.smtp.EmailBackend"
    # % if cookiecutter.django_version == "5.2"
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = smtp, "127.0.0.1", port
    # % else
    options = {"host": "127.0.0.1", "port": port}
    settings.MAILERS = {"default": {"BACKEND": smtp, "OPTIONS": options}}
    # % endif
    with caplog.at_level("WARNING", logger="core.error_mail"):
        assert visitor.get("/fail/").status_code == 500
        assert error_mails() == []
    assert "Error mail could not be sent: ConnectionRefusedError" in caplog.text

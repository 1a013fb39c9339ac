"""Errors: a page for the visitor, a mail for the admins."""

import re
from contextlib import closing
from urllib.parse import urlsplit

import pytest

from rehearsal.launch import ADMINS, REQUIRED
from rehearsal.pages import Page

PROMPT = 2  # seconds in which a visitor has an answer, whatever the mail server does

# What a visitor must never read.
TELLTALE = ["Traceback", "RuntimeError", "rehearsal:", "DJANGO_SETTINGS_MODULE", "DEBUG = True"]
TELLTALE += ["config.settings", REQUIRED["DJANGO_SECRET_KEY"]]

ERRORS = {
    "400": ("GET", "/rehearsal/suspicious/"),
    "403": ("GET", "/rehearsal/forbidden/"),
    "403 (CSRF)": ("POST", "/rehearsal/visit/"),
    "404": ("GET", "/rehearsal/no-such-page/"),
    "500": ("GET", "/rehearsal/fail/"),
}


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_errors_show_the_sites_own_page(site, error, language):
    """Errors 400, 403, 404 and 500 show the site's own page, in English and in Chinese.

    core/errors.py answers, templates/ has a page for each, config/urls.py names the handlers.
    """
    method, path = ERRORS[error]
    answer = site.get(path, {"Accept-Language": language}, method=method)
    assert answer.status == int(error[:3]), f"it answered {answer.status}"
    page = Page(path, answer)
    assert page.language == language, f"the page's language is {page.language or 'not said'}"
    assert "/" in page.links, "it is not the site's page: no link leads to /"
    if language != "en":
        english = site.get(path, {"Accept-Language": "en"}, method=method).text
        assert english != answer.text.replace(f'lang="{language}"', 'lang="en"'), "it is in English"


def test_errors_tell_nothing(error_pages):
    """No error page shows a traceback or a setting.

    DEBUG is off, and the pages show nothing of the exception.
    """
    for name, answer in error_pages.items():
        shown = [words for words in TELLTALE if words in answer.text]
        assert not shown, f"{name} shows {', '.join(shown)}"


def test_the_500_page_stands_alone(bare):
    """The 500 page comes also with the database away and no static file collected.

    500.html uses neither the tag « static » nor « url », nor anything of the visitor's.
    """
    answer = bare.get("/rehearsal/fail/")
    assert answer.status == 500, f"it answered {answer.status}"
    assert "/" in Page("/", answer).links, "it is not the site's page: no link leads to /"


def test_an_exception_mails_the_admins_once(site, mail, door):
    """An exception sends exactly one mail, to all ADMINS, with the traceback.

    LOGGING's root has the handler mail_admins, and the logger django passes records on to it.
    """
    with closing(site.connect()) as http:
        site.get(f"/rehearsal/fail-and-mail/once-{door}/", connection=http)
        site.get(f"/rehearsal/fail-after-exception/after-{door}/", connection=http)
    found = mail.wait_for(f"rehearsal once-{door}:")
    mail.wait_for(f"rehearsal after-{door}:")  # a second one would have come before
    assert len(mail.about(f"rehearsal once-{door}:")) == 1, "more than one mail came"
    assert found.recipients == ADMINS, f"it went to {found.recipients}"
    assert "in fail_and_mail" in found.text, "it has no traceback"


def test_error_mail_has_no_secret(site, error_mail, launch, door):
    """Error mail masks passwords, keys, tokens and cookies.

    DEFAULT_EXCEPTION_REPORTER_FILTER in settings; add names of your own in core/error_mail.py.
    """
    site.post(
        f"/rehearsal/fail-and-mail/secrets-{door}/?token=canary-token",
        "password=canary-password&api_key=canary-key&name=Ann",
        {"Cookie": "__Host-sessionid=canary-cookie", "Authorization": "Bearer canary-header"},
    )
    found = error_mail.wait_for(f"rehearsal secrets-{door}:").text
    canaries = set(re.findall(r"canary-\w+", found))
    assert not canaries, f"it shows {', '.join(sorted(canaries))}"
    for name in ("DJANGO_SECRET_KEY", "DATABASE_URL"):
        secret = urlsplit(launch.environment[name]).password or launch.environment[name]
        assert secret not in found, f"it shows the value of {name}"


def test_equal_errors_send_a_few_mails(site, error_mail, door):
    """A hundred equal errors send at most ten mails, not a hundred.

    RepeatedErrorFilter of core/error_mail.py is among mail_admins' filters.
    """
    with closing(site.connect()) as http:
        for _ in range(100):
            site.get(f"/rehearsal/fail-often/{door}/", connection=http)
        site.get(f"/rehearsal/fail-after-many/often-{door}/", connection=http)
    error_mail.wait_for(f"rehearsal often-{door}:")
    came = len(error_mail.about(f"rehearsal {door}: broken again"))
    assert came <= 10, f"{came} mails came"


@pytest.mark.parametrize("trouble", ["down", "hanging"])
def test_visitors_do_not_wait_for_mail(site, error_mail, trouble):
    """With the mail server down, or hanging, the 500 page comes within two seconds.

    The handler in core/error_mail.py sends from a thread of its own.
    """
    with getattr(error_mail, trouble)():
        try:
            answer = site.get("/rehearsal/fail-while-mail-is-away/", seconds=PROMPT)
        except TimeoutError:
            pytest.fail(f"no answer within {PROMPT} seconds")
    assert answer.status == 500, f"it answered {answer.status}"
    assert "/" in Page("/", answer).links, "it is not the site's page: no link leads to /"

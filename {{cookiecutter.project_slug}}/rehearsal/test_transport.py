"""Transport: HTTPS, hosts and cookies."""

from contextlib import closing
from http.cookies import SimpleCookie
from urllib.parse import urlencode

import pytest

from rehearsal.server import HOST, Broken


@pytest.fixture(scope="session")
def cookies(site):
    """The cookies of a visitor who has a session, posts a form and chooses a language."""
    visit = site.get("/rehearsal/visit/")
    if visit.status != 200:
        raise Broken(f"/rehearsal/visit/ answered {visit.status}")
    found = read_cookies(visit)
    chosen = site.post("/rehearsal/language/", *form_with_token(visit, "zh-hans"))
    if chosen.status != 302:
        raise Broken("no form is accepted")
    return found | read_cookies(chosen)


def read_cookies(answer):
    cookies = SimpleCookie()
    for line in answer.headers.get_all("Set-Cookie", []):
        cookies.load(line)
    return dict(cookies)


def form_with_token(visit, language):
    """Return the body and the headers of a form that a browser would post."""
    body = urlencode({"csrfmiddlewaretoken": visit.text, "language": language, "next": "/"})
    sent = "; ".join(f"{name}={cookie.value}" for name, cookie in read_cookies(visit).items())
    return body, {"Cookie": sent, "Origin": f"https://{HOST}", "Referer": f"https://{HOST}/"}


def test_http_goes_to_https(site):
    """Plain HTTP is sent to HTTPS, on the same host and path.

    DJANGO_SECURE_SSL_REDIRECT is true, and SecurityMiddleware comes early in MIDDLEWARE.
    """
    answer = site.get("/some/path/?q=1", {"X-Forwarded-Proto": "http"})
    assert answer.status in {301, 308}, f"it answered {answer.status}"
    assert answer.headers["Location"] == f"https://{HOST}/some/path/?q=1"


def test_browsers_are_told_to_stay_with_https(site):
    """Strict-Transport-Security holds for an hour at least.

    Raise DJANGO_SECURE_HSTS_SECONDS step by step to a year: 31536000.
    """
    header = site.get("/").headers.get("Strict-Transport-Security", "")
    seconds = header.partition("max-age=")[2].partition(";")[0]
    assert seconds.isdigit(), "the header is missing"
    assert int(seconds) >= 3600, f"it holds for {seconds} seconds"


def test_a_forged_host_is_refused(site):
    """A forged Host gets 400.

    DJANGO_ALLOWED_HOSTS names the site's hosts, and settings do not put * in its place.
    """
    answer = site.get("/", {"Host": "forged.example"})
    assert answer.status == 400, f"it answered {answer.status}"


def test_a_forwarded_host_is_not_believed(site):
    """X-Forwarded-Host changes nothing, as most proxies hand on what a visitor sends.

    USE_X_FORWARDED_HOST stays off; the proxy sets Host.
    """
    forged = site.get("/", {"X-Forwarded-Host": "forged.example"})
    assert forged.status == site.get("/").status, f"it answered {forged.status}"
    assert "forged.example" not in forged.text, "the page has it"


def test_a_forged_host_mails_nobody(site, error_mail, door):
    """A forged Host sends no error mail, as strangers could send thousands.

    In LOGGING the logger django.security.DisallowedHost does not reach mail_admins.
    """
    with closing(site.connect()) as http:
        site.get("/", {"Host": "stranger.example"}, connection=http)
        site.get(f"/rehearsal/fail-after-forged-host/forged-{door}/", connection=http)
    error_mail.wait_for(f"rehearsal forged-{door}:")  # what was sent before has come as well
    assert not error_mail.about("stranger.example"), "a mail was sent"


def test_cookies_are_sent_over_https_only(cookies):
    """Each cookie is Secure.

    SESSION_COOKIE_SECURE, CSRF_COOKIE_SECURE and LANGUAGE_COOKIE_SECURE are True.
    """
    insecure = [name for name, cookie in cookies.items() if not cookie["secure"]]
    assert not insecure, f"not Secure: {', '.join(insecure)}"


def test_cookies_are_bound_to_this_host(cookies):
    """Each cookie has the __Host- prefix, the path / and no domain.

    Names are set by SESSION_COOKIE_NAME, CSRF_COOKIE_NAME and LANGUAGE_COOKIE_NAME.
    """
    assert len(cookies) >= 3, f"only these were set: {', '.join(cookies)}"
    unbound = [
        name
        for name, cookie in cookies.items()
        if not name.startswith("__Host-") or cookie["path"] != "/" or cookie["domain"]
    ]
    assert not unbound, f"not bound: {', '.join(unbound)}"


def test_cookies_are_hidden_from_scripts(cookies):
    """Each cookie is HttpOnly.

    A script that needs the CSRF token finds it in the page, not in the cookie.
    """
    readable = [name for name, cookie in cookies.items() if not cookie["httponly"]]
    assert not readable, f"not HttpOnly: {', '.join(readable)}"


def test_cookies_stay_with_this_site(cookies):
    """Each cookie is SameSite, Lax or Strict.

    SESSION_COOKIE_SAMESITE, CSRF_COOKIE_SAMESITE and LANGUAGE_COOKIE_SAMESITE.
    """
    loose = [n for n, c in cookies.items() if c["samesite"].lower() not in {"lax", "strict"}]
    assert not loose, f"not SameSite: {', '.join(loose)}"


def test_forms_are_accepted(site):
    """A form that is posted back with its token is accepted.

    Behind HTTPS Django compares the Referer with the host: a forwarded header is not trusted.
    """
    answer = site.post(
        "/rehearsal/language/", *form_with_token(site.get("/rehearsal/visit/"), "en")
    )
    assert answer.status == 302, f"it answered {answer.status}"

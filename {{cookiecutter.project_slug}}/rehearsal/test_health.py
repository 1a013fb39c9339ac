"""Health: what load balancers and platforms ask."""

import json

import pytest

from rehearsal.launch import BARE
from rehearsal.server import Broken

# A probe comes by address, over plain HTTP, and knows no host.
PROBE = {"Host": "10.0.0.7:8000", "X-Forwarded-Proto": "http"}
PATHS = ["/livez", "/readyz"]


@pytest.mark.parametrize("path", PATHS)
def test_health_is_told(site, path):
    """/livez and /readyz answer 200 while the process and its database do.

    HealthMiddleware of core/health.py; the log says what is not ready.
    """
    answer = site.get(path)
    assert answer.status == 200, f"{path} answered {answer.status}"
    assert answer.headers["Cache-Control"] == "no-store", f"{path} may be cached"


@pytest.mark.parametrize("path", PATHS)
def test_probes_need_no_host_and_no_https(site, path):
    """Probes are answered whatever host they name, and over plain HTTP.

    HealthMiddleware comes first in MIDDLEWARE, ahead of SecurityMiddleware.
    """
    answer = site.get(path, PROBE)
    assert answer.status == 200, f"{path} answered {answer.status}"


def test_without_its_database_the_site_lives(bare):
    """With the database away /livez still answers 200, since a restart would not help.

    /livez asks nothing but the process.
    """
    answer = bare.get("/livez")
    assert answer.status == 200, f"it answered {answer.status}"


def test_without_its_database_the_site_is_not_ready(bare, door, readiness):
    """With the database away /readyz answers 503, and names what is missing but not why.

    check_database of core/health.py asks the database a question.
    """
    answer = readiness[door].result()
    assert answer.status == 503, f"it answered {answer.status}"
    answered = json.loads(answer.text)
    assert "database" in answered["failed"], f"it answered {answered}"
    assert set(answered) == {"status", "failed"}, f"it answered {answered}"


@pytest.fixture
def settled(bare, door, readiness, error_mail):
    """The mail server, once a mail about the failed probe would have come."""
    readiness[door].result()
    bare.get(f"/rehearsal/fail-after-probe/unready-{door}/")
    try:
        error_mail.wait_for(f"rehearsal unready-{door}:")
    except AssertionError:
        raise Broken("without a database no error mail comes") from None
    return error_mail


def test_failing_probes_mail_nobody(settled):
    """A probe that fails mails nobody, as it comes every few seconds.

    The log has a warning for each, and no error.
    """
    subjects = [mail.subject for mail in settled.mails if BARE in mail.subject]
    assert all("/rehearsal/" in subject for subject in subjects), f"mails came: {subjects}"

"""Health: what load balancers and platforms ask."""

import json

import pytest

from rehearsal.server import PROBE

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
    answer = bare.get("/livez", PROBE)
    assert answer.status == 200, f"it answered {answer.status}"


def test_without_its_database_the_site_is_not_ready(bare, door, readiness):
    """With the database away /readyz answers 503, and names what is missing but not why.

    check_database of core/health.py asks the database a question.
    """
    answer = readiness[door].result()
    assert answer.status == 503, f"it answered {answer.status}"
    assert json.loads(answer.text) == {"status": "failed", "failed": ["database"]}


def test_failing_probes_mail_nobody(bare, door, readiness, mail):
    """A probe that fails mails nobody, as it comes every few seconds.

    The log has a warning for each, and no error.
    """
    readiness[door].result()
    bare.get(f"/rehearsal/fail-at-last/unready-{door}/")
    mail.wait_for(f"rehearsal unready-{door}:")  # what was sent before it has come as well
    assert not mail.about("/readyz"), "a mail was sent"

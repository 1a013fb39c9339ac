"""Configuration: checked and complete."""

import re

import pytest
from django.core.signing import BadSignature, Signer


def test_deployment_checks_are_silent(launch):
    """« manage.py check --deploy » has nothing to say.

    Follow its hint, or silence the check in SILENCED_SYSTEM_CHECKS with the reason beside it.
    """
    _, output = launch.checked
    found = re.findall(r"\(\w+\.[EWC]\d+\) .+", output)
    assert "no issues" in output, "; ".join(found) or output


def test_migrations_are_complete(launch):
    """Every change of a model has its migration.

    Run « python manage.py makemigrations », and commit what it makes.
    """
    status, output = launch.compared
    assert status == 0, " ".join(output.split())


def test_the_secret_key_is_that_of_the_environment(about, launch):
    """What the site signs is signed with the environment's DJANGO_SECRET_KEY.

    No key stands in a settings file; production reads it with env["DJANGO_SECRET_KEY"].
    """
    try:
        Signer(key=launch.environment["DJANGO_SECRET_KEY"]).unsign(about["signed"])
    except BadSignature:
        pytest.fail("the site signs with another key")

"""Configuration: complete, checked, and refused when it is not."""

import re

import pytest
from django.core.signing import BadSignature, Signer

from rehearsal.launch import REQUIRED, procfile
from rehearsal.server import Server

NAMES = [*REQUIRED, "DATABASE_URL", "EMAIL_URL"]
SECRETS = ["DJANGO_SECRET_KEY", "DATABASE_URL", "EMAIL_URL"]


@pytest.fixture(scope="session")
def refusals(launch):
    """The servers that were started without one variable each, and one without all."""
    servers = {}
    for missing in [*NAMES, "all"]:
        names = NAMES if missing == "all" else [missing]
        variables = {name: value for name, value in launch.environment.items() if name not in names}
        variables["WEB_CONCURRENCY"] = "1"
        servers[missing] = Server(procfile("web"), launch.project, variables)
    for server in servers.values():
        server.wait_until_ready()
    yield servers
    for server in servers.values():
        server.kill()


def test_deployment_checks_are_silent(launch):
    """« manage.py check --deploy » has nothing to say.

    Follow its hint, or silence the check in SILENCED_SYSTEM_CHECKS with the reason beside it.
    """
    status, output = launch.checked
    assert status == 0, "; ".join(re.findall(r"\(\w+\.[EWC]\d+\) .+", output)) or output


def test_migrations_are_complete(launch):
    """Every change of a model has its migration.

    Run « python manage.py makemigrations », and commit what it makes.
    """
    status, output = launch.compared
    assert status == 0, " ".join(output.split())


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_variable_is_refused_by_name(refusals, name):
    """Without a variable that production needs the site does not start, and names it.

    In config/environment.py the variable is « required=True », and no default stands in for it.
    """
    assert refusals[name].problem, "the site starts without it"
    assert name in refusals[name].log, "the message does not name it"


def test_all_missing_variables_are_named_at_once(refusals):
    """Without all of them, one message names them all.

    config/environment.py collects the problems before it ends the process.
    """
    unnamed = [name for name in NAMES if name not in refusals["all"].log]
    assert not unnamed, f"not named: {', '.join(unnamed)}"


def test_refusals_show_no_secret(refusals, launch):
    """No message about a variable shows the value of another one.

    Say what is expected, and give an example; never print the environment.
    """
    logs = "".join(server.log for server in refusals.values())
    shown = [name for name in SECRETS if launch.environment[name] in logs]
    assert not shown, f"shown: {', '.join(shown)}"


def test_the_secret_key_is_that_of_the_environment(about, launch):
    """What the site signs is signed with the environment's DJANGO_SECRET_KEY.

    No key stands in a settings file; production reads it with env["DJANGO_SECRET_KEY"].
    """
    try:
        Signer(key=launch.environment["DJANGO_SECRET_KEY"]).unsign(about["signed"])
    except BadSignature:
        pytest.fail("the site signs with another key")

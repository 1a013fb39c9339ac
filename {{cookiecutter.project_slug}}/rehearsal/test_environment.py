"""Environment: refused when it is not complete."""

from urllib.parse import urlsplit

import pytest

from rehearsal.launch import REQUIRED, procfile, procfile_door
from rehearsal.server import Server, ready

NAMES = [*REQUIRED, "DATABASE_URL", "EMAIL_URL"]
SECRETS = ["DJANGO_SECRET_KEY", "DATABASE_URL", "EMAIL_URL"]

# The Procfile's own line is what must not start.
pytestmark = pytest.mark.parametrize("door", [procfile_door()], indirect=True)


@pytest.fixture(scope="session")
def refusals(site, launch):
    """The servers that were started without one variable each, and one without all."""
    servers = {}
    for missing in [*NAMES, "all"]:
        names = NAMES if missing == "all" else [missing]
        variables = {name: value for name, value in launch.environment.items() if name not in names}
        variables["WEB_CONCURRENCY"] = "1"
        servers[missing] = Server(procfile("web"), launch.project, variables)
    with ready(*servers.values()):
        yield servers


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_variable_is_refused_by_name(refusals, name):
    """Without a variable that production needs the site does not start, and names it.

    In config/environment.py the variable is « required=True », and no default stands in for it.
    """
    assert refusals[name].problem, "the site starts without it"
    assert name in refusals[name].log, "the message does not name it"
    assert "Traceback" not in refusals[name].log, "it ends with a traceback"


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
    values = {name: launch.environment[name] for name in SECRETS}
    passwords = {name: urlsplit(value).password or value for name, value in values.items()}
    shown = [name for name, password in passwords.items() if password in logs]
    assert not shown, f"shown: {', '.join(shown)}"

"""Launch: the Procfile does its work."""

from rehearsal.launch import SETTINGS


def test_static_files_are_collected(launch):
    """« manage.py collectstatic » collects the static files.

    The message names a file that a style sheet asks for and that is not there.
    """
    status, output = launch.collected
    assert status == 0, output.splitlines()[-1]


def test_the_release_line_succeeds(launch):
    """The Procfile's release line runs to its end.

    The output above says where it stopped. Platforms do not launch what cannot be released.
    """
    status, output = launch.released
    assert status == 0, output.splitlines()[-1]


def test_the_release_line_migrates(launch):
    """After the release line no migration is left to apply.

    The line is « release: python manage.py migrate --noinput ».
    """
    status, _ = launch.migrated
    assert status == 0, "« manage.py migrate --check » finds migrations that were not applied"


def test_the_web_line_starts_a_server(boot):
    """The Procfile's web line, and the same for the other interface, answer on $PORT.

    The line is one command (« env NAME=value » before it where it needs a variable), starts gunicorn or uvicorn, and listens on $PORT. If a variable
    is missing that the project has come to require, add it in rehearsal/launch.py.
    """
    assert not boot.problem, boot.problem


def test_a_request_by_https_is_answered(running):
    """A request that came by HTTPS, as the proxy's header says, is answered.

    gunicorn and uvicorn believe X-Forwarded-Proto from the proxies that FORWARDED_ALLOW_IPS
    names, and from this machine. If they do not, every page redirects to itself for ever.
    """
    answer = running.get("/rehearsal/process/")
    assert answer.status == 200, f"it answered {answer.status}"


def test_the_settings_are_those_of_production(about):
    """wsgi.py and asgi.py use the production settings, with DEBUG off.

    Both name config.settings.production as the default of DJANGO_SETTINGS_MODULE, and that
    module says DEBUG = False. The development server has no place in a Procfile.
    """
    assert about["settings"] == SETTINGS, f"the site runs on {about['settings']}"
    assert not about["debug"], "DEBUG is on"

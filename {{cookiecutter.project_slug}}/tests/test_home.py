from django.conf import settings
from django.utils.html import escape


def test_home_shows_the_name_of_the_site_and_needs_no_database(client):
    # pytest-django fails a test that uses the database without asking for it.
    response = client.get("/")
    assert response.status_code == 200
    assert f"<h1>{escape(settings.SITE_NAME)}</h1>" in response.content.decode()


def test_home_shows_next_steps_and_configuration_while_developing_only(client, settings):
    assert "configuration" not in client.get("/").context
    settings.DEBUG = True
    assert "Django" in client.get("/").context["configuration"]


def test_deployed_revision_is_in_the_footer(client, settings):
    settings.GIT_REV = "0123456789abcdef"
    assert b"0123456789ab<" in client.get("/").content


def test_google_is_not_asked_unless_there_is_a_tracker_id(client, settings):
    settings.GA_TRACKER_ID = ""
    assert b"googletagmanager" not in client.get("/").content
    settings.GA_TRACKER_ID = "G-TEST"
    assert b"https://www.googletagmanager.com/gtag/js?id=G-TEST" in client.get("/").content

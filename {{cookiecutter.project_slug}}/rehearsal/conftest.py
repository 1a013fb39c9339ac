"""What the promises rest on: the launched site, its mail server, its pages.

Where a fixture raises Broken, the promises that rest on it are « not looked at ».
"""

import json
import os
import signal
import tempfile
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from rehearsal.checklist import place, pytest_runtest_makereport, pytest_terminal_summary
from rehearsal.database import temporary_database
from rehearsal.launch import BARE, SETTINGS, Launch, copy_project, production, web_command
from rehearsal.mail_server import MailServer
from rehearsal.pages import Page, assets_of, crawl
from rehearsal.server import Answer, Broken, Server, free_port, ready

__all__ = ["pytest_runtest_makereport", "pytest_terminal_summary"]

DOORS = ["wsgi", "asgi"]  # one of them is the Procfile's


@pytest.hookimpl(tryfirst=True)  # pytest then groups what shares a server
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if os.name != "posix":
        pytest.exit("The rehearsal needs Linux, macOS or WSL, as gunicorn does.", returncode=2)
    for end in (signal.SIGTERM, signal.SIGHUP):  # end as by Ctrl-C, and leave nothing behind
        signal.signal(end, signal.default_int_handler)
    ours = [item for item in items if item.path.parent == Path(__file__).parent]
    others = [item for item in items if item not in ours]
    for item in ours:
        # aiosmtpd leaves connections open when it goes down.
        item.add_marker(pytest.mark.filterwarnings("ignore::ResourceWarning"))
        item.add_marker(
            pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
        )
    items[:] = others + sorted(ours, key=lambda item: place(item.path))


@pytest.fixture(scope="session")
def mail() -> Iterator[MailServer]:
    server = MailServer()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def folder() -> Iterator[Path]:
    """A folder for all that the rehearsal makes."""
    with tempfile.TemporaryDirectory(prefix="rehearsal-", ignore_cleanup_errors=True) as name:
        yield Path(name).resolve()


@pytest.fixture(scope="session")
def environment(folder: Path, mail: MailServer, django_db_blocker: Any) -> Iterator[dict[str, str]]:
    """The environment of production, with an empty database."""
    server_url = os.environ.get("REHEARSAL_DATABASE_URL", "")
    with django_db_blocker.unblock(), ExitStack() as stack:
        try:
            url = stack.enter_context(temporary_database(server_url, folder))
        except ValueError as error:
            pytest.exit(str(error), returncode=2)
        yield production(folder, DATABASE_URL=url, EMAIL_URL=mail.url)


@pytest.fixture(scope="session")
def bare_sites(folder: Path, environment: dict[str, str]) -> Iterator[dict[str, Server]]:
    """Both doors, with a database that cannot be reached and no static file collected."""
    project = copy_project(folder)
    nowhere = f"postgres://user:password@127.0.0.1:{free_port()}/nowhere"
    variables = {
        "DATABASE_URL": nowhere,
        "DJANGO_EMAIL_SUBJECT_PREFIX": BARE,
        "WEB_CONCURRENCY": "1",
    }
    servers = {door: Server(web_command(door), project, environment | variables) for door in DOORS}
    with ready(*servers.values()):
        yield servers


@pytest.fixture(scope="session")
def readiness(bare_sites: dict[str, Server]) -> Iterator[dict[str, Future[Answer]]]:
    """What /readyz will answer there; asked in the background, as a driver may try for long."""
    with ThreadPoolExecutor() as threads:
        yield {door: threads.submit(site.get, "/readyz") for door, site in bare_sites.items()}


@pytest.fixture(scope="session")
def launch(folder: Path, environment: dict[str, str], readiness: object) -> Launch:
    """The project, with its static files collected and its release line run."""
    return Launch(folder, environment)


@pytest.fixture(scope="session", params=DOORS)
def door(request: pytest.FixtureRequest) -> str:
    """The interface that requests come in by: WSGI or ASGI."""
    return request.param


@pytest.fixture(scope="session")
def boot(door: str, launch: Launch) -> Iterator[Server]:
    """The started site, whether it answers or not."""
    server = Server(web_command(door), launch.project, launch.environment)
    with ready(server):
        yield server


def answering(server: Server) -> Server:
    if server.problem:
        raise Broken(f"the site did not start: {server.problem}")
    return server


@pytest.fixture(scope="session")
def running(boot: Server) -> Server:
    """The started site."""
    return answering(boot)


@pytest.fixture(scope="session")
def about(running: Server) -> dict[str, Any]:
    """What the site says of itself: process id, settings module, DEBUG, a signature."""
    answer = running.get("/rehearsal/process/")
    if answer.status != 200:
        raise Broken(f"/rehearsal/process/ answered {answer.status}")
    return json.loads(answer.text)


@pytest.fixture(scope="session")
def site(running: Server, about: dict[str, Any], launch: Launch) -> Server:
    """The site as production has it."""
    if about["settings"] != SETTINGS or about["debug"]:
        raise Broken("the site does not run on the settings of production")
    if launch.migrated[0] or launch.collected[0]:
        raise Broken("the database or the static files are not ready")
    return running


def started(door: str, launch: Launch, workers: int) -> Iterator[Server]:
    """Yield a site of its own with so many workers; stop it at the end."""
    environment = launch.environment | {"WEB_CONCURRENCY": str(workers)}
    server = Server(web_command(door), launch.project, environment)
    with ready(server):
        yield answering(server)


@pytest.fixture(scope="session")
def crew(site: Server, door: str, launch: Launch) -> Iterator[Server]:
    """The site with three workers, of which some may end."""
    yield from started(door, launch, workers=3)


@pytest.fixture
def doomed(site: Server, door: str, launch: Launch) -> Iterator[Server]:
    """The site for one test, which may stop it."""
    yield from started(door, launch, workers=2)


@pytest.fixture
def doomed_alone(site: Server, door: str, launch: Launch) -> Iterator[Server]:
    """The same with one worker, which takes connections in the order in which they come."""
    yield from started(door, launch, workers=1)


@pytest.fixture
def bare(site: Server, door: str, bare_sites: dict[str, Server]) -> Server:
    """The site of this door without its database and its static files."""
    return answering(bare_sites[door])


@pytest.fixture(scope="session")
def error_mail(site: Server, mail: MailServer, door: str) -> MailServer:
    """The mail server, to which an error's mail has come."""
    site.get(f"/rehearsal/fail-at-first/{door}/")
    try:
        mail.wait_for(f"rehearsal {door}: the first of the errors")
    except AssertionError:
        raise Broken("no error mail comes") from None
    return mail


@pytest.fixture(scope="session")
def visited(site: Server) -> list[Page]:
    """The public pages that links lead to, broken ones as well."""
    return crawl(site)


@pytest.fixture(scope="session")
def pages(visited: list[Page]) -> list[Page]:
    """The public pages that answer."""
    answering = [page for page in visited if page.answer.status == 200]
    if not answering:
        raise Broken("no page answers")
    return answering


@pytest.fixture(scope="session")
def error_pages(site: Server) -> dict[str, Answer]:
    return {
        "the 400 page": site.get("/rehearsal/suspicious/"),
        "the 403 page": site.get("/rehearsal/forbidden/"),
        "the CSRF page": site.post("/rehearsal/visit/", ""),
        "the 404 page": site.get("/rehearsal/no-such-page/"),
        "the 500 page": site.get("/rehearsal/fail/"),
    }


@pytest.fixture(scope="session")
def assets(site: Server, pages: list[Page], error_pages: dict[str, Answer]) -> dict[str, Answer]:
    """The static files that pages and style sheets name."""
    return assets_of(site, pages + [Page("/", answer) for answer in error_pages.values()])

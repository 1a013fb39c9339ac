"""What people see and what their screen readers are told: real pages, on production settings, in a real Chromium.

The project has a long name here, with a word that no line holds, since layouts break on names first.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from axe_playwright_python.base import AXE_SCRIPT as AXE
from axe_playwright_python.base import AxeResults
from playwright.sync_api import Browser, Page, expect

from harness.baking import DEFAULTS, OPPOSITE
from harness.browsing import add_broken_page, chromium, find_chromium
from harness.https_front import https_front
from harness.serving import procfile, serving
from tests.conftest import Project, make_project, rows

NAME = "Rindfleischetikettierungsüberwachungsaufgabenübertragungsgesetz 🚢⛵ 蓝色小店的灯塔"
ROWS = [DEFAULTS, OPPOSITE]
PAGES = {"home": "/", "404": "/no-such-page/", "500": "/broken/", "admin-login": "/admin/login/"}
USER, PASSWORD = "ann", "correct-horse-battery"


PHONE, DESK, NARROW = ({"width": width, "height": height} for width, height in [(390, 844), (1280, 800), (320, 640)])
LOOKS = [(scheme, size) for scheme in ("light", "dark") for size in (PHONE, DESK)]
LANGUAGES = {"en-US": "en", "zh-CN": "zh-hans"}
ALL_LANGUAGES = pytest.mark.parametrize("locale", LANGUAGES)


@dataclass
class Tab:
    """A browser's tab, and what its console said."""

    page: Page
    console: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self.note)
        self.page.on("pageerror", lambda error: self.console.append(f"{self.page.url}: {error}"))

    def note(self, message) -> None:
        # That a page is not found, or broken, is what some of these pages are for.
        expected = message.text.startswith("Failed to load resource") and message.location["url"] == self.page.url
        if message.type in ("error", "warning") and not expected:
            self.console.append(f"{self.page.url}: {message.text}")

    def said(self) -> list[str]:
        """Return what the console said, once the page has loaded all it wants."""
        self.page.wait_for_load_state("networkidle")
        return self.console

    def violations(self) -> str:
        """Return what axe finds wrong, in light and dark, on a phone and on a desk.

        By all its rules that are on by default: WCAG 2.2 A and AA, and best practices.
        """
        found = []
        self.page.evaluate(AXE)
        for scheme, size in LOOKS:
            self.page.emulate_media(color_scheme=scheme)
            self.page.set_viewport_size(size)
            results = AxeResults(self.page.evaluate("axe.run({resultTypes: ['violations']})"))
            if results.violations_count:
                found.append(f"{scheme}, {size['width']} pixels wide: {results.generate_report()}")
        return "\n".join(found)


@dataclass(frozen=True)
class Site:
    """A running site and the browser to look at it with."""

    url: str
    browser: Browser

    @contextmanager
    def tab(self, size: dict = DESK, locale: str = "en-US", cookies: dict | None = None) -> Iterator[Tab]:
        """Open a tab of a new visitor, with no cookies but those given."""
        page = self.browser.new_page(base_url=self.url, viewport=size, locale=locale, storage_state=cookies)
        yield Tab(page)
        page.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if find_chromium() is None:
        reason = "no Chromium on PATH, and no CHROME_PATH: the pages were not looked at"
        assert not os.environ.get("SLIPWAY_SKIP_NOTHING"), reason
        pytest.skip(reason)
    with chromium("--ignore-certificate-errors") as browser:  # the certificate is made below
        yield browser


@pytest.fixture(scope="module", params=rows(*ROWS))
def named_project(request, tmp_path_factory) -> Project:
    return make_project(request.param, tmp_path_factory, project_name=NAME, project_slug="long-name")


@pytest.fixture(scope="module")
def production(browser, named_project, tmp_path_factory) -> Iterator[Site]:
    """The Procfile's own command behind HTTPS, with a superuser and a page that breaks."""
    add_broken_page(named_project.path)
    env = named_project.production(DATABASE_URL="sqlite:///browser.sqlite3", WEB_CONCURRENCY="1")
    manage = ["python", "manage.py"]
    named_project.run(*manage, "collectstatic", "--noinput", "-v0", **env)
    named_project.run(*manage, "migrate", "--noinput", "-v0", **env)
    superuser = ["createsuperuser", "--noinput", f"--username={USER}", "--email=ann@example.com"]
    named_project.run(*manage, *superuser, **env, DJANGO_SUPERUSER_PASSWORD=PASSWORD)
    folder = tmp_path_factory.mktemp("served")
    web = procfile(named_project.path)["web"]
    with serving(web, named_project.path, env, folder / "log") as server, https_front(server.port, folder) as host:
        yield Site(f"https://{host}", browser)


@pytest.fixture(scope="module")
def local(browser, named_project, tmp_path_factory) -> Iterator[Site]:
    """« manage.py runserver », as on the first day."""
    env = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "PYTHONDONTWRITEBYTECODE": "1"}
    env |= {"DJANGO_ALLOWED_HOSTS": "localhost,example.com"}
    command = f"{named_project.environment}/bin/python manage.py runserver --noreload $PORT"
    log = tmp_path_factory.mktemp("local") / "log"
    with serving(command, named_project.path, env, log) as server:
        yield Site(f"http://localhost:{server.port}", browser)


@pytest.fixture(scope="module")
def superusers_cookies(production) -> dict:
    """What a browser keeps after the superuser has logged in by the form."""
    with production.tab() as tab:
        tab.page.goto("/admin/")
        tab.page.get_by_label("Username").fill(USER)
        tab.page.get_by_label("Password").fill(PASSWORD)
        tab.page.get_by_role("button", name="Log in").click()
        expect(tab.page.get_by_role("heading", name="Site administration")).to_be_visible()
        assert tab.said() == []
        return tab.page.context.storage_state()


@pytest.fixture
def admin(production, superusers_cookies) -> Iterator[Tab]:
    """A tab in which the superuser is logged in."""
    with production.tab(cookies=superusers_cookies) as tab:
        yield tab


@ALL_LANGUAGES
@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES.keys())
def test_a_page_is_accessible_in_light_and_dark_on_phone_and_desk(production, path, locale):
    with production.tab(locale=locale) as tab:
        tab.page.goto(path)
        assert tab.page.locator("html").get_attribute("lang") == LANGUAGES[locale]
        assert tab.violations() == ""


@pytest.mark.parametrize("path", PAGES.values(), ids=PAGES.keys())
def test_a_page_loads_without_a_word_in_the_console(production, path):
    with production.tab() as tab:
        response = tab.page.goto(path)
        assert "default-src 'none'" in response.headers["content-security-policy"]
        assert tab.said() == []


@pytest.mark.parametrize("path", list(PAGES.values())[:3], ids=list(PAGES)[:3])
def test_a_long_name_does_not_make_a_narrow_page_scroll_sideways(production, path):
    with production.tab(NARROW) as tab:
        tab.page.goto(path)
        assert tab.page.get_by_role("banner").inner_text().strip() == NAME
        assert tab.page.evaluate("document.documentElement.scrollWidth") == NARROW["width"]


def test_axe_is_heard_when_a_page_has_no_heading(production):
    with production.tab() as tab:
        tab.page.goto("/")
        tab.page.evaluate("document.querySelector('h1').remove()")
        assert "page-has-heading-one" in tab.violations()


def test_a_script_inside_a_page_does_not_run_and_the_console_says_so(production):
    with production.tab() as tab:
        tab.page.goto("/")
        tab.page.evaluate("""() => {
            const script = document.createElement("script");
            script.textContent = "window.hasRun = true";
            document.body.append(script);
        }""")
        assert tab.page.evaluate("window.hasRun") is None
        assert "Content Security Policy" in tab.said()[0]


def test_the_admins_pages_load_without_a_word_in_the_console(admin):
    for path in ["", "users/user/", "users/user/1/change/", "users/user/add/", "auth/group/add/"]:
        assert admin.page.goto(f"/admin/{path}").status == 200
        assert admin.page.url.endswith(f"/admin/{path}")  # and not the login
    assert admin.said() == []


def test_the_admins_scripts_run_and_what_they_set_is_saved(admin):
    page = admin.page
    page.goto("/admin/users/user/1/change/")
    joined = page.locator("#id_date_joined_0")
    joined.fill("")
    page.locator(".field-date_joined").get_by_text("Today", exact=True).click()
    expect(joined).to_have_value(re.compile(r"^\d{4}-\d\d-\d\d$"))

    page.locator("#id_user_permissions_from").select_option(index=0)
    page.locator(".field-user_permissions .selector-add").click()
    chosen = page.locator("#id_user_permissions_to option")
    expect(chosen).to_have_count(1)

    page.get_by_role("button", name="Save and continue editing").click()
    expect(page.locator(".messagelist .success")).to_be_visible()
    expect(chosen).to_have_count(1)
    assert admin.said() == []


def test_the_admins_theme_can_be_switched(admin):
    admin.page.goto("/admin/")
    html = admin.page.locator("html")
    before = html.get_attribute("data-theme")
    admin.page.locator(".theme-toggle:visible").click()
    expect(html).not_to_have_attribute("data-theme", before)
    assert admin.said() == []


@ALL_LANGUAGES
def test_a_developers_first_page_is_accessible_and_says_what_comes_next(local, locale):
    with local.tab(locale=locale) as tab:
        tab.page.goto("/")
        expect(tab.page.get_by_text("python manage.py createsuperuser")).to_be_visible()
        assert tab.violations() == ""


def test_a_developers_first_page_fits_a_narrow_screen_and_leaves_the_console_silent(local):
    with local.tab(NARROW) as tab:
        tab.page.goto("/")
        assert tab.page.evaluate("document.documentElement.scrollWidth") == NARROW["width"]
        assert tab.said() == []

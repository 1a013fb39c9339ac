"""A real Chromium, and a page for it that is broken."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

# Quiet, and with nothing fetched from anywhere.
CHROMIUM_ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
]


def find_chromium() -> str | None:
    """Return the path of a Chromium or Chrome: CHROME_PATH, or the first on PATH."""
    names = ["chromium", "chromium-browser", "google-chrome"]
    return os.environ.get("CHROME_PATH") or next(filter(None, map(shutil.which, names)), None)


@contextmanager
def chromium(*arguments: str) -> Iterator[Browser]:
    """Start the machine's own Chromium, headless."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=[*CHROMIUM_ARGUMENTS, *arguments])
        yield browser
        browser.close()


def add_broken_page(project: Path) -> None:
    """Give a baked project a page, /broken/, whose view raises."""
    with (project / "config" / "urls.py").open("a", encoding="utf-8") as urls:
        urls.write('\nurlpatterns += [path("broken/", lambda request: 1 / 0)]\n')

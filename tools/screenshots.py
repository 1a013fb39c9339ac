"""Takes the pictures in docs/images/ from a freshly baked project, in a real Chromium.

make screenshots
"""

import io
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page
from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from harness.baking import DEFAULTS, bake, environment
from harness.browsing import add_broken_page, chromium, find_chromium
from harness.interpreters import ROOT
from harness.serving import Server, procfile, production_environment, run, serving

IMAGES = ROOT / "docs" / "images"
NAME = {"project_name": "Blue Shop", "description": "Fine things for sailors, from small makers."}
NAME_ZH = {"project_name": "蓝色小店", "description": "为航海的人挑选的好东西，来自小作坊。", "language": "zh-hans"}

MISTAKE = ('SECURE_SSL_REDIRECT = env["DJANGO_SECURE_SSL_REDIRECT"]', "SECURE_SSL_REDIRECT = False")

DESK = (1280, 800)
PHONE = (390, 844)
LIMIT = 150_000  # bytes; pictures stay in the repository's history


@dataclass(frozen=True)
class Shot:
    """One picture: which page, and how the visitor sees it."""

    name: str
    path: str
    size: tuple[int, int] = DESK
    scheme: str = "light"


LOCAL = [Shot("home-local", "/"), Shot("home-local-dark", "/", scheme="dark")]
CHINESE = [Shot("home-zh-hans", "/")]
PRODUCTION = [
    Shot(f"{page}{suffix}", path, size, scheme)
    for page, path in {"home": "/", "404": "/no-such-page/", "500": "/broken/"}.items()
    for suffix, size, scheme in [("", DESK, "light"), ("-dark", DESK, "dark"), ("-phone", PHONE, "light")]
]


def report_size(file: Path) -> None:
    """Say how large a picture is; refuse one that is too large."""
    size = file.stat().st_size
    print(f"docs/images/{file.name}: {size // 1000} kB")
    if size > LIMIT:
        raise ValueError(f"{file} is larger than {LIMIT} bytes")


def take(browser: Browser, server: Server, shots: list[Shot], locale: str = "en-US") -> None:
    """Write each picture into docs/images/."""
    for shot in shots:
        page: Page = browser.new_page(
            base_url=f"http://localhost:{server.port}",
            color_scheme=shot.scheme,
            locale=locale,
            viewport={"width": shot.size[0], "height": shot.size[1]},
            extra_http_headers={"X-Forwarded-Proto": "https"},  # as a proxy that ended TLS sends it
        )
        page.goto(shot.path, wait_until="networkidle")
        file = IMAGES / f"{shot.name}.png"
        page.screenshot(path=file)
        page.close()
        report_size(file)


@contextmanager
def local_site(folder: Path, **answers: str) -> Iterator[Server]:
    """Serve a project as « manage.py runserver » does."""
    python = environment(DEFAULTS, folder) / "bin" / "python"
    project = bake(folder / "site", **DEFAULTS.answers | answers)
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    env |= {"DJANGO_ALLOWED_HOSTS": "localhost,example.com"}
    with serving(f"{python} manage.py runserver --noreload $PORT", project, env, folder / "log") as server:
        yield server


@contextmanager
def production_site(folder: Path, **answers: str) -> Iterator[Server]:
    """Serve a project by its Procfile, on production settings."""
    venv = environment(DEFAULTS, folder)
    project = bake(folder / "site", **DEFAULTS.answers | answers)
    add_broken_page(project)
    env = production_environment(venv, DATABASE_URL="sqlite:///db.sqlite3")
    run(venv / "bin" / "python", "manage.py", "collectstatic", "--noinput", "-v0", cwd=project, env=env)
    with serving(procfile(project)["web"], project, env, folder / "log") as server:
        yield server


TERMINAL = """<!DOCTYPE html><meta charset="utf-8"><body style="margin:0;width:fit-content;background:#1d2330">
<pre style="margin:0;padding:24px 32px;color:#e6e9ef;font:14px/1.45 'DejaVu Sans Mono',monospace">{code}</pre>"""

BACKGROUND, FOREGROUND = (29, 35, 48), (230, 233, 239)
RED, GREEN, YELLOW = (255, 107, 107), (140, 208, 120), (240, 200, 90)
BLUE, MAGENTA, CYAN = (110, 170, 250), (210, 140, 230), (100, 200, 210)
COLOURS = [BACKGROUND, RED, GREEN, YELLOW, BLUE, MAGENTA, CYAN, FOREGROUND]
NIGHT = TerminalTheme(BACKGROUND, FOREGROUND, COLOURS)


def take_terminal(browser: Browser, name: str, output: str) -> None:
    """Write a picture of what a program printed, with its colours."""
    console = Console(record=True, width=120, file=io.StringIO())
    console.print(Text.from_ansi(output), soft_wrap=True)
    html = console.export_html(theme=NIGHT, inline_styles=True, code_format=TERMINAL)
    page: Page = browser.new_page(viewport={"width": DESK[0], "height": 400})
    page.set_content(html)
    file = IMAGES / f"{name}.png"
    page.locator("pre").screenshot(path=file)
    page.close()
    with Image.open(file) as picture:
        few_colours = picture.convert("RGB").quantize(32)
    few_colours.save(file, optimize=True)
    report_size(file)


def rehearse(folder: Path, mistake: tuple[str, str] | None = None) -> str:
    """Return the checklist of a project's rehearsal, after a mistake in its production settings if given one."""
    venv = environment(DEFAULTS, folder)
    project = bake(folder / "site", **DEFAULTS.answers | NAME)
    if mistake:
        settings = project / "config" / "settings" / "production.py"
        settings.write_text(settings.read_text(encoding="utf-8").replace(*mistake), encoding="utf-8")
    command = [venv / "bin" / "python", "-m", "rehearsal", "-q", "--color=yes", "--tb=no", "--no-summary"]
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "COLUMNS": "100"}
    output = run(*command, "-p", "no:cacheprovider", cwd=project, env=env, expected=1 if mistake else 0)
    return f"$ python -m rehearsal\n{output.strip()}"


def main() -> None:
    if find_chromium() is None:
        sys.exit("The pictures need Chromium: install it, or set CHROME_PATH=/path/to/chrome.")
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name, chromium("--disable-lcd-text") as browser:
        folder = Path(name)
        with local_site(folder / "local", **NAME) as server:
            take(browser, server, LOCAL)
        with local_site(folder / "local-zh", **NAME_ZH) as server:
            take(browser, server, CHINESE, locale="zh-CN")
        with production_site(folder / "production", **NAME) as server:
            take(browser, server, PRODUCTION)
        take_terminal(browser, "rehearsal", rehearse(folder / "rehearsal"))
        take_terminal(browser, "rehearsal-broken", rehearse(folder / "broken", MISTAKE))


if __name__ == "__main__":
    main()

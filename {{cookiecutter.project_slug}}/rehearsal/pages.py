"""Reads the site's pages as a browser does: which links, assets and inline code they have."""

import re
from contextlib import suppress
from html.parser import HTMLParser
from urllib.parse import quote, urljoin, urlsplit

from django.conf import settings

from rehearsal.server import HOST, Answer, Server

START = ["/", "/admin/"]
AT_MOST = 50  # pages

# Types of <script> that hold data; browsers do not run them.
DATA = {"application/json", "application/ld+json"}


class Page(HTMLParser):
    """A page's ``language``, ``links`` and ``assets`` (paths on this site) and ``inline`` code."""

    def __init__(self, path: str, answer: Answer) -> None:
        super().__init__()
        self.path = path
        self.answer = answer
        self.language = ""
        self.links: set[str] = set()
        self.assets: set[str] = set()
        self.inline: list[str] = []
        self.feed(answer.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "html":
            self.language = attributes.get("lang", "")
        elif tag == "a":
            self.add(self.links, attributes.get("href"))
        elif tag == "link" and {"stylesheet", "icon"} & set(attributes.get("rel", "").split()):
            self.add(self.assets, attributes.get("href"))
        elif tag in {"script", "img"}:
            self.add(self.assets, attributes.get("src"))
        is_code = tag == "style" or (tag == "script" and "src" not in attributes)
        if is_code and "nonce" not in attributes and attributes.get("type") not in DATA:
            self.inline.append(f"{self.path}: <{tag}>")
        for name, value in attributes.items():
            if name == "style" or name.startswith("on") or value.startswith("javascript:"):
                self.inline.append(f'{self.path}: <{tag} {name}="{value}">')

    def add(self, paths: set[str], url: str | None) -> None:
        """Keep an address of this site, without what follows the path."""
        if url is not None:
            paths.update(own_paths(self.path, [url]))


def own_paths(base: str, urls: list[str]) -> set[str]:
    """Return the paths of those addresses that are on this site; ``base`` is where they stand."""
    found = set()
    for url in urls:
        with suppress(ValueError):  # not an address
            parts = urlsplit(urljoin(f"https://{HOST}{base}", url.strip()))
            if parts.scheme == "https" and parts.netloc == HOST:
                found.add(quote(parts.path or "/", safe="/%:@!$&'()*+,;=~"))
    return found


def crawl(site: Server) -> list[Page]:
    """Return what answers where links and redirects lead, from the home page and the admin on."""
    waiting, seen = list(START), set(START)
    pages: list[Page] = []
    while waiting and len(pages) < AT_MOST:
        path = waiting.pop(0)
        answer = site.get(path)
        found = own_paths(path, answer.headers.get_all("Location", []))
        if answer.headers.get_content_type() == "text/html" and answer.body:
            pages.append(Page(path, answer))
            found |= pages[-1].links
        waiting += sorted(found - seen)
        seen |= found
    return pages


def assets_of(site: Server, pages: list[Page]) -> dict[str, Answer]:
    """Return the answers to all assets that pages name, and that their style sheets name."""
    answers: dict[str, Answer] = {}
    named = {path for page in pages for path in page.assets}
    waiting = sorted(path for path in named if path.startswith(settings.STATIC_URL))
    while waiting:
        path = waiting.pop(0)
        answer = answers[path] = site.get(path)
        if answer.headers.get_content_type() == "text/css":
            urls = re.findall(r"""url\(\s*["']?([^"')]+)["']?\s*\)""", answer.text)
            waiting += sorted(own_paths(path, urls) - set(answers) - set(waiting))
    return answers

"""Static files: found, small, and kept."""

import gzip
import re
from pathlib import PurePosixPath

import brotli
import pytest

from rehearsal.server import Broken

TEXT = {".css", ".js", ".svg"}
WORTH_COMPRESSING = 1000  # bytes; less may not get smaller


@pytest.fixture(scope="session")
def found(assets):
    """The assets that answer."""
    answered = {path: answer for path, answer in assets.items() if answer.status == 200}
    if not answered:
        raise Broken("no static file answers")
    return answered


@pytest.fixture(scope="session")
def hashed(site, pages, found):
    """The assets that ordinary pages name; error pages stand alone, without the manifest."""
    named = {path: found[path] for page in pages for path in page.assets if path in found}
    if not named:
        raise Broken("the pages name no static file")
    return named


@pytest.fixture(scope="session")
def text(found):
    """The assets that are worth compressing, with their text."""
    if any("Content-Encoding" in answer.headers for answer in found.values()):
        raise Broken("files come compressed unasked")
    return {
        path: answer.body
        for path, answer in found.items()
        if PurePosixPath(path).suffix in TEXT and len(answer.body) > WORTH_COMPRESSING
    }


def test_every_asset_answers(assets):
    """Each file that a page or a style sheet names is there.

    config/static.py serves what collectstatic put into STATIC_ROOT, ahead of Django.
    """
    assert assets, "the pages name no static file"
    missing = [
        f"{path} ({answer.status})" for path, answer in assets.items() if answer.status != 200
    ]
    assert not missing, f"missing: {', '.join(missing)}"


def test_names_have_a_digest(hashed):
    """Each file's name has a digest of its content in it.

    STORAGES["staticfiles"] is WhiteNoise's CompressedManifestStaticFilesStorage, and templates
    name files by the tag « static ».
    """
    plain = [path for path in hashed if not re.search(r"\.[0-9a-f]{12}\.", path)]
    assert not plain, f"no digest: {', '.join(plain)}"


def test_files_are_kept_for_ever(hashed):
    """Browsers and CDNs may keep files for a year at least, whoever asks.

    A file comes from config/static.py, and not through middleware that knows the visitor.
    """
    for path, answer in hashed.items():
        cached = answer.headers.get("Cache-Control", "")
        age = re.search(r"max-age=(\d+)", cached)
        assert age, f"{path} has Cache-Control: {cached}"
        assert int(age[1]) >= 31_536_000, f"{path} has Cache-Control: {cached}"
        assert "public" in cached, f"{path} has Cache-Control: {cached}"
        varies = answer.headers.get("Vary", "Accept-Encoding")
        assert varies == "Accept-Encoding", f"{path} varies by {varies}"
        assert "Set-Cookie" not in answer.headers, f"{path} sets a cookie"


@pytest.mark.parametrize(
    ("encoding", "unpack"), [("br", brotli.decompress), ("gzip", gzip.decompress)]
)
def test_files_are_compressed(site, text, encoding, unpack):
    """Files come compressed to browsers that accept brotli or gzip.

    whitenoise[brotli] is installed where collectstatic runs.
    """
    assert text, "no file is large enough to tell"
    for path, plain in text.items():
        answer = site.get(path, {"Accept-Encoding": encoding})
        got = answer.headers.get("Content-Encoding", "nothing")
        assert got == encoding, f"{path} comes with {got}, not {encoding}"
        assert unpack(answer.body) == plain, f"{path} is not the same when unpacked"


def test_files_come_plain_to_others(found):
    """Files come as they are to those who accept no compression.

    A proxy in between must not add it again.
    """
    packed = [path for path, answer in found.items() if "Content-Encoding" in answer.headers]
    assert not packed, f"compressed: {', '.join(packed)}"


def test_unchanged_files_are_not_sent_again(site, found):
    """A browser that has a file is told so: 304.

    ETag or Last-Modified come with each file.
    """
    for path, answer in found.items():
        known = {"If-Modified-Since": answer.headers.get("Last-Modified", "")}
        again = site.get(path, known).status
        assert again == 304, f"{path} answered {again}"


def test_parts_of_files_are_sent(site, text):
    """A part of a file can be asked for: 206.

    WhiteNoise and nginx both do so.
    """
    for path, plain in text.items():
        part = site.get(path, {"Range": "bytes=5-14"})
        assert (part.status, part.body) == (206, plain[5:15]), f"{path} answered {part.status}"


@pytest.mark.parametrize(
    "path",
    [
        "/static/../manage.py",
        "/static/%2e%2e/manage.py",
        "/static/..%2fmanage.py",
        "/static/..%5cmanage.py",
        "/static//etc/passwd",
        "/static/%00",
        "/static/",
        "/manage.py",
        "/.env",
        "/config/settings/production.py",
    ],
)
def test_nothing_else_is_served(site, path):
    """A path outside the static root never answers, nor does a list of the files.

    The web server's root is never the project's folder.
    """
    answer = site.get(path)
    assert answer.status >= 400, f"it answered {answer.status}"

"""Measures a freshly baked project with the field's own yardsticks: Lighthouse and the MDN HTTP Observatory.

    python -m tools.yardsticks            # make yardsticks

Needs Node 20 or newer with npm, openssl, and Chromium (or CHROME_PATH). The project runs as in production: the
Procfile's own command, behind a proxy that speaks HTTP and HTTPS on one port, with a certificate made for the run and
trusted for the run. The Observatory's own scanner then visits it as it visits any site, over both. It exits with 1
when a score is below its target.
"""

import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.baking import CACHE, Row, bake, environment
from tests.serving import procfile, production_environment, run, serving

PACKAGES = ["lighthouse@13.5.0", "@mdn/mdn-http-observatory@1.4.8"]
TOOLS = CACHE / "yardsticks"
MODULES = TOOLS / "node_modules"
CHROMIUM = os.environ.get("CHROME_PATH") or shutil.which("chromium") or shutil.which("google-chrome") or ""

ROWS = [Row("5.2", "gunicorn", "psycopg2-binary"), Row("6.1", "uvicorn", "psycopg")]
YEAR = 31_536_000  # seconds
LIGHTHOUSE_TARGET = 100  # in each category
OBSERVATORY_TARGETS = {YEAR: 130, 3600: 120}  # by DJANGO_SECURE_HSTS_SECONDS; the default costs 10 points

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}
TLS_HANDSHAKE = b"\x16"  # what a TLS connection begins with; https://datatracker.ietf.org/doc/html/rfc8446#section-5.1


def certificate(folder: Path) -> tuple[Path, Path]:
    """Make a self-signed certificate for localhost; return its file and its key's."""
    files = folder / "certificate.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=DNS:localhost", "-out", str(files[0]), "-keyout", str(files[1])]
    subprocess.run(command, check=True, capture_output=True)
    return files


class Front(BaseHTTPRequestHandler):
    """Passes requests on to the server behind, and says whether they came over HTTPS, as a platform's proxy does."""

    protocol_version = "HTTP/1.1"
    server: "FrontServer"
    scheme = "http"

    def setup(self) -> None:
        if self.request.recv(1, socket.MSG_PEEK) == TLS_HANDSHAKE:
            self.request = self.server.tls.wrap_socket(self.request, server_side=True)
            self.scheme = "https"
        super().setup()

    def finish(self) -> None:
        super().finish()
        self.request.close()

    def forward(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        connection = HTTPConnection("127.0.0.1", self.server.backend, timeout=30)
        headers = dict(self.headers) | {"X-Forwarded-Proto": self.scheme, "Connection": "close"}
        connection.request(self.command, self.path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        connection.close()

    do_GET = do_HEAD = do_OPTIONS = do_POST = forward

    def log_message(self, *_: object) -> None:
        """Stay quiet: the server behind has a log."""


class FrontServer(ThreadingHTTPServer):
    """Speaks HTTP and HTTPS on one port, so that « http://host:port » can redirect to « https://host:port »."""

    def __init__(self, backend: int, tls: ssl.SSLContext) -> None:
        super().__init__(("127.0.0.1", 0), Front)
        self.backend = backend
        self.tls = tls

    def handle_error(self, *_: object) -> None:
        """A visitor who hangs up, as browsers do, is no error."""


@contextmanager
def https_front(backend: int, folder: Path) -> Iterator[str]:
    """Yield « localhost:port » of a proxy in front of a plain HTTP port; folder gets its certificate.pem."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(*certificate(folder))
    server = FrontServer(backend, tls)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"localhost:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def install() -> None:
    """Install the yardsticks with npm into .cache/yardsticks/."""
    TOOLS.mkdir(parents=True, exist_ok=True)
    # No install scripts: the Observatory's download lists of preloaded hosts and of top-level domains, which hold
    # no localhost. Empty lists say the same.
    options = ["--prefix", TOOLS, "--ignore-scripts", "--no-audit", "--no-fund", "--no-save", "--loglevel=error"]
    subprocess.run(["npm", "install", *options, *PACKAGES], check=True)
    lists = MODULES / "@mdn" / "mdn-http-observatory" / "conf"
    (lists / "hsts-preload.json").write_text("{}", encoding="utf-8")
    (lists / "tld-list.json").write_text("[]", encoding="utf-8")


def observatory(host: str, certificate: Path) -> dict:
    """Let the Observatory's own scanner visit a host; return its report."""
    scanner = MODULES / "@mdn" / "mdn-http-observatory" / "src" / "scan.js"
    env = os.environ | {"NODE_EXTRA_CA_CERTS": str(certificate)}
    report = json.loads(subprocess.run(["node", scanner, host], env=env, capture_output=True, text=True).stdout)
    if "error" in report:
        raise RuntimeError(f"the Observatory could not scan {host}: {report['error']}")
    return report


def lighthouse(url: str, *, desktop: bool, folder: Path) -> dict:
    """Return Lighthouse's report on a page, as a phone or as a desktop sees it."""
    output = folder / "lighthouse.json"
    flags = "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    command = ["node", MODULES / "lighthouse" / "cli" / "index.js", url, "--output=json", f"--output-path={output}"]
    command += ["--quiet", f"--chrome-flags={flags} --ignore-certificate-errors --user-data-dir={folder / 'chromium'}"]
    command += ["--preset=desktop"] if desktop else []
    subprocess.run(command, check=True, env=os.environ | {"CHROME_PATH": CHROMIUM}, stdout=subprocess.DEVNULL)
    return json.loads(output.read_text(encoding="utf-8"))


@contextmanager
def site(row: Row, folder: Path, **variables: str) -> Iterator[str]:
    """Bake a project, serve it as in production and yield « localhost:port » of its HTTP and HTTPS."""
    python = environment(row, folder)
    project = bake(folder / "site", project_name="Blue Shop", **row.answers)
    env = production_environment(python, DATABASE_URL="sqlite:///db.sqlite3", **variables)
    run(python / "bin" / "python", "manage.py", "collectstatic", "--noinput", "-v0", cwd=project, env=env)
    web = procfile(project)["web"]
    with serving(web, project, env, folder / "log") as server, https_front(server.port, folder) as host:
        yield host


def judge_lighthouse(host: str, folder: Path) -> bool:
    """Print Lighthouse's scores and what each lost point was for; return whether all are on target."""
    reached = True
    for desktop in (False, True):
        report = lighthouse(f"https://{host}/", desktop=desktop, folder=folder)
        categories = report["categories"].values()
        scores = {category["title"]: round(100 * category["score"]) for category in categories}
        print(f"  Lighthouse {'desktop' if desktop else 'mobile'}: {scores}", flush=True)
        for category in categories:
            for audit in (report["audits"][part["id"]] for part in category["auditRefs"] if part["weight"]):
                if audit["score"] is not None and audit["score"] < 1:
                    print(f"    {category['title']}: {audit['id']} {audit['score']}: {audit['title']}")
        reached &= min(scores.values()) >= LIGHTHOUSE_TARGET
    return reached


def judge_observatory(host: str, folder: Path, hsts: int) -> bool:
    """Print the Observatory's score and what it gave or took points for; return whether it is on target."""
    report = observatory(host, folder / "certificate.pem")
    score = report["scan"]["score"]
    print(f"  Observatory with DJANGO_SECURE_HSTS_SECONDS={hsts}: {score} ({report['scan']['grade']})", flush=True)
    for name, test in report["tests"].items():
        print(f"    {name}: {test['scoreModifier']:+} {test['result']}")
    return score >= OBSERVATORY_TARGETS[hsts]


def main() -> int:
    with suppress(FileNotFoundError):
        subprocess.run(["npm", "--version"], check=True, capture_output=True)
        install()
    if not (MODULES.exists() and CHROMIUM):
        sys.exit("The yardsticks need Node 20 or newer with npm, and Chromium (or CHROME_PATH=/path/to/chrome).")
    reached = True
    for row in ROWS:
        for hsts in OBSERVATORY_TARGETS:
            with tempfile.TemporaryDirectory() as name:
                folder = Path(name)
                with site(row, folder, DJANGO_SECURE_HSTS_SECONDS=str(hsts)) as host:
                    print(f"{row}, https://{host}/", flush=True)
                    reached &= judge_observatory(host, folder, hsts)
                    reached &= hsts != YEAR or judge_lighthouse(host, folder)
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())

"""Measures a freshly baked project with the field's own yardsticks: Lighthouse and the MDN HTTP Observatory.

    make yardsticks

Needs Node 20 or newer with npm, and Chromium (or CHROME_PATH). The project runs as in production: the
Procfile's own command, behind a proxy that speaks HTTP and HTTPS on one port, with a certificate made for the run and
trusted for the run. The Observatory's own scanner then visits it as it visits any site, over both. It exits with 1
when a score is below its target.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from harness.baking import CACHE, DEFAULTS, OPPOSITE, Row, bake, environment
from harness.browsing import find_chromium
from harness.https_front import https_front
from harness.serving import procfile, production_environment, run, serving

PACKAGES = ["lighthouse@13.5.0", "@mdn/mdn-http-observatory@1.4.8"]
TOOLS = CACHE / "yardsticks"
MODULES = TOOLS / "node_modules"
CHROMIUM = find_chromium() or ""

ROWS = [DEFAULTS, OPPOSITE]
YEAR = 31_536_000  # seconds
LIGHTHOUSE_TARGET = 100  # in each category
# Its performance score times the machine as well as the page, so it is the median run that counts:
# https://github.com/GoogleChrome/lighthouse/blob/main/docs/variability.md
LIGHTHOUSE_RUNS = 3
OBSERVATORY_TARGETS = {YEAR: 130, 3600: 120}  # by DJANGO_SECURE_HSTS_SECONDS; the default costs 10 points


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


def performance(report: dict) -> float:
    """Return a Lighthouse report's performance score, from 0 to 1."""
    return report["categories"]["performance"]["score"]


def judge_lighthouse(host: str, folder: Path) -> bool:
    """Print Lighthouse's scores and what lost points in the median run; return whether all are on target."""
    reached = True
    for desktop in (False, True):
        runs = [lighthouse(f"https://{host}/", desktop=desktop, folder=folder) for _ in range(LIGHTHOUSE_RUNS)]
        runs.sort(key=performance)
        report = runs[len(runs) // 2]
        categories = report["categories"].values()
        scores = {category["title"]: round(100 * category["score"]) for category in categories}
        print(
            f"  Lighthouse {'desktop' if desktop else 'mobile'}: {scores}; "
            f"performance in each run: {[round(100 * performance(each)) for each in runs]}",
            flush=True,
        )
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

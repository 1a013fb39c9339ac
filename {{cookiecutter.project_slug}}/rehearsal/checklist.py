"""Prints the result as a checklist, and puts each promise into the JUnit report."""

import shutil
import sys
import textwrap
from collections.abc import Generator
from inspect import getdoc
from typing import Any

import pytest

from rehearsal.server import Server

KEPT, BROKEN, NOT_LOOKED_AT = "✓", "✗", "?"
PLAIN = {KEPT: "ok    ", BROKEN: "BROKEN", NOT_LOOKED_AT: "?     "}  # without Unicode
COLOURS = {KEPT: "green", BROKEN: "red", NOT_LOOKED_AT: "yellow"}
LAST_LINES = 40  # of a server's log

# What the others rest on comes first; files of your own come last.
ORDER = ["launch", "configuration", "environment", "transport", "pages", "headers"]
ORDER += ["static", "errors", "log", "process", "health"]


def place(path: Any) -> int:
    """Return where a test file stands in the order."""
    subject = path.stem.removeprefix("test_")
    return ORDER.index(subject) if subject in ORDER else len(ORDER)


def promise_and_advice(item: Any) -> tuple[str, str]:
    """Return the first paragraph of a test's docstring, and the rest: what to change."""
    first, _, rest = (getdoc(item.obj) or item.name).partition("\n\n")
    return " ".join(first.split()), " ".join(rest.split())


def servers_of(item: Any) -> set[Server]:
    """Return the servers that a test looks at: fixtures, or values of fixtures that are tables."""
    values = list(item.funcargs.values())
    values += [each for value in values if isinstance(value, dict) for each in value.values()]
    return {value for value in values if isinstance(value, Server)}


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: Any, call: Any) -> Generator[None, Any, None]:
    outcome = yield
    report = outcome.get_result()
    report.promise, report.advice = promise_and_advice(item)
    report.subject = (getdoc(item.module) or item.module.__name__).splitlines()[0].rstrip(".")
    report.place = (place(item.path), item.path.name, item.location[1])
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    report.door = parameters.get("door", "")
    report.case = " ".join(value for value in parameters.values() if isinstance(value, str))
    if call.when == "setup":
        item.user_properties.append(("promise", report.promise))
    if report.failed:
        for server in servers_of(item):
            last = "\n".join(server.log.splitlines()[-LAST_LINES:])
            report.sections.append(("The end of the server's log", last))


def verdict(reports: list[Any]) -> str:
    if any(report.failed and report.when != "setup" for report in reports):
        return BROKEN
    return KEPT if all(report.passed for report in reports) else NOT_LOOKED_AT


def reason(report: Any) -> str:
    """Return why a test failed, in a line."""
    crash = getattr(report.longrepr, "reprcrash", None)
    first = (crash.message if crash else str(report.longrepr)).strip().splitlines()[0]
    return first.removeprefix("AssertionError: ").removeprefix("rehearsal.server.Broken: ")


def reasons(reports: list[Any], case: str) -> list[str]:
    """Return the different reasons why some did not pass, each with some of its cases."""
    cases: dict[str, list[str]] = {}
    for report in reports:
        if not report.passed:
            cases.setdefault(reason(report), []).append(getattr(report, case))
    lines = []
    for why, named in cases.items():
        names = [name for name in dict.fromkeys(named) if name]
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        lines.append(f"{', '.join(names[:3])}{more}: {why}" if names else why)
    return lines


def pytest_terminal_summary(terminalreporter: Any) -> None:
    stats = terminalreporter.stats
    reports = [r for kind in ("passed", "failed", "error", "skipped") for r in stats.get(kind, [])]
    promises: dict[tuple[str, str], list[Any]] = {}
    for report in sorted((r for r in reports if hasattr(r, "place")), key=lambda r: r.place):
        promises.setdefault((report.subject, report.promise), []).append(report)
    if promises:
        write_checklist(terminalreporter, promises)


def write_checklist(terminal: Any, promises: dict[tuple[str, str], list[Any]]) -> None:
    """Write one line a promise, below each broken one why and what to change, and the sum."""
    verdicts = {promise: verdict(reports) for promise, reports in promises.items()}
    encoding = getattr(sys.__stdout__, "encoding", None) or "ascii"
    signs = PLAIN if b"?" in KEPT.encode(encoding, "replace") else {}
    last_subject = ""
    terminal.section("rehearsal")
    for (subject, promise), reports in promises.items():
        if subject != last_subject:
            terminal.write_line(f"\n{subject}", bold=True)
            last_subject = subject
        sign = verdicts[subject, promise]
        terminal.write_line(f"  {signs.get(sign, sign)} {promise}", **{COLOURS[sign]: True})
        if sign == BROKEN:
            for line in [*reasons(reports, "case"), f"To mend it: {reports[0].advice}"]:
                write_indented(terminal, line, "      ")
    counts = {sign: list(verdicts.values()).count(sign) for sign in COLOURS}
    terminal.write_line(f"\n{counts[KEPT]} promises kept, {counts[BROKEN]} broken.")
    unseen = [
        r for promise, rs in promises.items() if verdicts[promise] == NOT_LOOKED_AT for r in rs
    ]
    if unseen:
        terminal.write_line(f"{counts[NOT_LOOKED_AT]} not looked at:")
        for line in reasons(unseen, "door"):
            write_indented(terminal, line, "  ")


def write_indented(terminal: Any, line: str, indent: str) -> None:
    """Write a line, folded where the terminal ends."""
    width = shutil.get_terminal_size().columns
    folded = textwrap.fill(line, width, initial_indent=indent, subsequent_indent=indent)
    terminal.write_line(folded)

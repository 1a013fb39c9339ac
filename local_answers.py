"""Judges what was answered, and what stands on the command line: all problems at once, one line each."""

import functools
import json
import os
import re
import sys
from pathlib import Path

from cookiecutter.exceptions import FailedHookException

import local_command

ROOT = Path(__file__).parent
QUESTIONS = json.loads((ROOT / "cookiecutter.json").read_text(encoding="utf-8"))
ASKED = [name for name in QUESTIONS if not name.startswith("_")]
PRIVATE = {name: value for name, value in QUESTIONS.items() if name.startswith("_") and not name.startswith("__")}
CHOICES = QUESTIONS["_choices"]
SEVERAL = {"add_ons"}  # questions that take several choices, separated by spaces

# The only strings that are Jinja; whatever else cookiecutter renders without a file's name is an answer or a path.
RENDERED = {QUESTIONS["project_slug"], QUESTIONS["__judged"]}
RENDERED |= {hook.read_text(encoding="utf-8") for hook in (ROOT / "hooks").glob("*.py")}

# What no answer may hold, because a file, a terminal or a template could not show it unharmed.
FORBIDDEN = {
    r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]": "a control character or a line break",
    r"[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]": "an invisible mark",
    r'["\\]': "a double quote or a backslash",
    r"\{\{|\{%|\{#": "a mark of the template language ({{, {% or {#)",
    r"^\s|\s$": "a space at its beginning or end",
}

LABEL = r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)"
ATOM = r"[\w!#$%&'*+/=?^`{|}~-]+"
FORMS = {
    "project_slug": (r"[a-z][a-z0-9]*(-[a-z0-9]+)*", "lower-case words joined by hyphens, such as: my-site"),
    "author_email": (rf"{ATOM}(\.{ATOM})*@{LABEL}(\.{LABEL})+", "an email address, such as: ann@example.com"),
    "domain_name": (
        rf"(?!www\.){LABEL}(\.{LABEL})+",
        "a domain name without https://, www. or path, such as: example.com",
    ),
}
LONGEST = {"project_name": 80, "project_slug": 40, "description": 200, "author_name": 80}

# https://learn.microsoft.com/windows/win32/fileio/naming-a-file
WINDOWS_RESERVED = {"con", "prn", "aux", "nul"} | {f"{port}{n}" for port in ("com", "lpt") for n in range(10)}

# uv and pip cannot install a project that has the name of a package it uses, directly or not.
PACKAGES = set((ROOT / "package-names.txt").read_text(encoding="utf-8").split())
TAKEN = WINDOWS_RESERVED | PACKAGES


class Refusal(SystemExit, FailedHookException):
    """Ends the program with its message: cookiecutter expects the one kind; cruft, which expects neither, the other."""


def did_you_mean(value, known):
    """Return « Did you mean x?» for the nearest known word, or nothing."""
    import difflib  # here, as few bakes need it

    by_lower_case = {word.lower(): word for word in known}
    near = difflib.get_close_matches(value.lower(), by_lower_case, n=1, cutoff=0.5)
    return f" Did you mean {by_lower_case[near[0]]}?" if near else ""


def judge_choice(name, value):
    """Return what is wrong with a choice, or with the first wrong one of several."""
    known = CHOICES[name]
    expected = ("any of: " if name in SEVERAL else "one of: ") + (" ".join(known) or "nothing, as there are none yet")
    for word in value.split() if name in SEVERAL else [value]:
        if word not in known:
            return f"expected {expected}.{did_you_mean(word, known)}"
    return None


@functools.cache
def timezones():
    """Return the names of the time zone database."""
    import zoneinfo  # here, as the default needs no look

    return zoneinfo.available_timezones() - {"localtime", "Factory"}


def judge_timezone(value):
    """Return what is wrong with a time zone."""
    if value == QUESTIONS["timezone"] or value in timezones():
        return None
    return f"expected a name from the time zone database, such as: Europe/Paris.{did_you_mean(value, timezones())}"


def judge_answer(name, value):
    """Return what is wrong with an answer, what is expected and an example; or None."""
    for pattern, what in FORBIDDEN.items():
        if re.search(pattern, value):
            return f"has {what}; expected one line of plain text, such as: {QUESTIONS['project_name']}"
    if len(value) > LONGEST.get(name, 254):
        return f"has {len(value)} characters; expected at most {LONGEST.get(name, 254)}"
    if name in CHOICES:
        return judge_choice(name, value)
    if not value:
        return f"is empty; expected text, such as: {QUESTIONS[name]}"
    if name == "timezone":
        return judge_timezone(value)
    if name in FORMS and not re.fullmatch(FORMS[name][0], value, re.ASCII):
        return f"expected {FORMS[name][1]}"
    if name == "project_slug" and value in TAKEN:
        return f"is taken by Windows or by a package that the project uses; expected another, such as: {value}-site"
    return None


def answers_to_judge(answers):
    """Return what was answered, as text by name."""
    texts = {name: "" if answers[name] is None else str(answers[name]) for name in ASKED if name in answers}
    # One that reads like Jinja of ours has been run as such; what was given is to be judged.
    return texts | {name: text for name, text in local_command.given().items() if text in RENDERED and name in texts}


def problems_with_answers(answers):
    """Return a line for each answer that cannot be used."""
    for name, value in answers_to_judge(answers).items():
        if problem := judge_answer(name, value):
            # What the terminal could not show, or what could upset it, is shown with escapes.
            encoding = sys.stdout.encoding or "ascii"
            shown = f"'{value.encode(encoding, 'backslashreplace').decode(encoding)}'"
            yield f"  {name} {shown if value.isprintable() else ascii(value)}: {problem}"


def problems_with_command():
    """Return a line for each thing on the command line that would be passed over in silence, or do harm."""
    for name in local_command.given():
        if name not in ASKED:
            known = f"expected the name of a question, such as: {ASKED[0]}.{did_you_mean(name, ASKED)}"
            yield f"  {ascii(name)[1:-1]}: is not asked; {known}"
    if local_command.skips_hooks():
        yield "  --accept-hooks no: expected yes, as the hook makes .env and removes what was not chosen"


def judge(answers):
    """Return "yes" when every answer can be used, and the project's folder is new.

    Raises:
        Refusal: with one line for each problem.
    """
    if sys.version_info < (3, 10):  # noqa: UP036 (cookiecutter may be older than this template's own tools)
        raise Refusal("Nothing was made: expected Python 3.10 or newer, such as: uvx --python 3.13 cookiecutter")
    problems = [*problems_with_answers(answers), *problems_with_command()]
    # A replay file may hold the slug already, and cookiecutter asks for the rest alone.
    folder = local_command.new_folder(str(answers["project_slug"])) if "project_slug" in answers else None
    if folder and os.path.lexists(folder) and not problems:
        problems = [f"  project_slug: {folder} exists, and is left alone; expected another, such as: {folder.name}-2"]
    if problems:
        raise Refusal("\n".join(["Nothing was made, because these answers cannot be used:", *problems]))
    if folder:
        local_command.watch(folder)
    return "yes"

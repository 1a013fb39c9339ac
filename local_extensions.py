"""Judges the answers and writes them safely into files.

Cookiecutter loads this module as a Jinja extension, so the answers are judged in process, before a file or a folder
exists: at the last line of cookiecutter.json, and again when the project's folder is named, because a replay file
skips the former. A refusal is one message with a line for each problem (cookiecutter prints it and exits with 1).
"""

import difflib
import html
import json
import re
import zoneinfo
from pathlib import Path

from cookiecutter.exceptions import FailedHookException
from jinja2 import pass_context
from jinja2.ext import Extension
from slugify import slugify

ROOT = Path(__file__).parent
QUESTIONS = json.loads((ROOT / "cookiecutter.json").read_text(encoding="utf-8"))
ASKED = [name for name in QUESTIONS if not name.startswith("_")]
CHOICES = QUESTIONS["_choices"]

# What cookiecutter may render without a file's name: the defaults, the hooks, and the project folder's own name.
OUR_OWN = {text for text in QUESTIONS.values() if isinstance(text, str)} | {"{{cookiecutter.project_slug}}"}
OUR_OWN |= {hook.read_text(encoding="utf-8") for hook in (ROOT / "hooks").glob("*.py")}

SEVERAL = {"add_ons"}  # questions that take several choices, separated by spaces

SLUG_LENGTH = 40
LONGEST = {"project_name": 80, "description": 200, "author_name": 80, "author_email": 254, "domain_name": 253}

# https://learn.microsoft.com/windows/win32/fileio/naming-a-file
WINDOWS_RESERVED = {"con", "prn", "aux", "nul"} | {f"{port}{n}" for port in ("com", "lpt") for n in range(10)}

UNPRINTABLE = r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
BIDIRECTIONAL = r"[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"

# uv and pip cannot install a project that has the name of one of its own dependencies.
# tests/test_answers.py compares this table with what is really installed.
DEPENDENCIES = set(
    """
    asgiref ast-serialize bleach boto3 botocore brotli cfgv charset-normalizer click colorama cssbeautifier distlib django
    django-csp django-environ django-storages django-stubs django-stubs-ext djlint editorconfig filelock gunicorn h11
    hiredis httptools identify iniconfig jmespath jsbeautifier json5 librt mypy mypy-extensions mysqlclient nodeenv
    packaging pathspec pip platformdirs pluggy pre-commit psycopg psycopg-binary psycopg-pool psycopg2
    psycopg2-binary pygments pymemcache pytest pytest-django python-dateutil python-discovery pyyaml redis regex ruff
    s3transfer sentry-sdk setuptools six sqlparse types-pyyaml typing-extensions tzdata urllib3 uv uvicorn uvloop
    virtualenv wheel whitenoise
    """.split()
)


def slug(name):
    """Return a slug for any name: «李雷的博客» becomes «li-lei-de-bo-ke»; a name without letters becomes «my-site»."""
    words = slugify(str(name).replace("'", ""), max_length=SLUG_LENGTH, word_boundary=True)
    if not words:
        return "my-site"
    if not words[0].isalpha() or words in DEPENDENCIES or words in WINDOWS_RESERVED:
        words = f"site-{words}"[:SLUG_LENGTH].strip("-")
    return words


def did_you_mean(value, known):
    """Return « Did you mean x?» for the nearest known word, or nothing."""
    by_lower_case = {word.lower(): word for word in known}
    near = difflib.get_close_matches(value.lower(), by_lower_case, n=1, cutoff=0.5)
    return f" Did you mean {by_lower_case[near[0]]}?" if near else ""


def judge_text(value):
    """What no answer may hold, because a file, a terminal or a template could not show it unharmed."""
    if re.search(UNPRINTABLE, value):
        return "has a control character or a line break; expected one line of plain text, such as: My Site"
    if re.search(BIDIRECTIONAL, value):
        return "has an invisible mark that changes the direction of text; expected plain text, such as: My Site"
    if re.search(r'["\\]', value):
        return "has a double quote or a backslash; expected text without them, such as: O'Hara's Books"
    if re.search(r"\{\{|\{%|\{#", value):
        return "has a mark of the template language ({{, {% or {#); expected plain text, such as: My Site"
    return None


def judge_slug(value):
    if len(value) > SLUG_LENGTH or not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", value):
        return f"expected lower-case words joined by hyphens, at most {SLUG_LENGTH} characters, such as: my-site"
    if value in DEPENDENCIES:
        return f"is the name of a package that the project uses; expected another name, such as: {value}-site"
    if value in WINDOWS_RESERVED:
        return f"is a name that Windows reserves; expected another name, such as: {value}-site"
    return None


def judge_email(value):
    if not re.fullmatch(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", value):
        return "expected an email address, such as: ann@example.com"
    return None


def judge_domain(value):
    label = r"(?!-)[a-z0-9-]{1,63}(?<!-)"
    if not re.fullmatch(rf"{label}(\.{label})+", value):
        return "expected a domain name in lower case, without https:// or a path, such as: www.example.com"
    return None


def judge_timezone(value):
    try:
        zoneinfo.ZoneInfo(value)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        hint = did_you_mean(value, zoneinfo.available_timezones())
        return f"expected a name from the time zone database, such as: Europe/Paris.{hint}"
    return None


def judge_choice(name, value):
    known = CHOICES[name]
    if name in SEVERAL:
        wrong = [word for word in value.split() if word not in known]
        expected = f"any of: {' '.join(known)}" if known else "nothing (there are no add-ons yet: leave it empty)"
    else:
        wrong = [] if value in known else [value]
        expected = f"one of: {', '.join(known)}"
    hints = "".join(did_you_mean(word, known) for word in wrong)
    return f"expected {expected}.{hints}" if wrong else None


JUDGES = {
    "project_slug": judge_slug,
    "author_email": judge_email,
    "domain_name": judge_domain,
    "timezone": judge_timezone,
}


def judge_answer(name, value):
    """Return what is wrong with one answer, or None."""
    if value.strip() != value or (not value and name not in SEVERAL):
        return "is empty, or begins or ends with a space; expected text, such as: " + str(QUESTIONS[name])
    if len(value) > LONGEST.get(name, 200):
        return f"has {len(value)} characters; expected at most {LONGEST.get(name, 200)}"
    problem = judge_text(value)
    if not problem and name in CHOICES:
        problem = judge_choice(name, value)
    return problem or (JUDGES[name](value) if name in JUDGES else None)


def judge(answers):
    """Return "yes" when every answer can be used.

    Raises:
        FailedHookException: with one line for each answer that cannot be used.
    """
    problems = []
    for name in ASKED:
        answer = str(answers.get(name, QUESTIONS[name]))
        problem = judge_answer(name, answer)
        if problem:
            # An answer that could upset a terminal is shown with escapes.
            shown = f"'{answer}'" if answer.isprintable() else ascii(answer)
            problems.append(f"  {name} {shown}: {problem}")
    if problems:
        raise FailedHookException("\n".join(["Nothing was made, because these answers cannot be used:", *problems]))
    return "yes"


def quoted(answer):
    """Write an answer between the double quotes of TOML, YAML, JSON or Python: ``"{{ answer | quoted }}"``."""
    return json.dumps(str(answer), ensure_ascii=False)[1:-1]


def dotenv(answer):
    """Write an answer between the double quotes of a .env file, where a shell would expand ``$`` and backticks."""
    return re.sub(r"([$`])", r"\\\1", quoted(answer))


def markdown(answer):
    """Write an answer into Markdown so that it reads as itself."""
    return re.sub(r"([`*_\[\]|~#])", r"\\\1", html.escape(str(answer), quote=False))


class Answers(Extension):
    """This template's filters, and the gate that no answer passes unjudged."""

    def __init__(self, environment):
        super().__init__(environment)
        for function in (slug, judge, quoted, dotenv, markdown):
            environment.filters[function.__name__] = function
        environment.finalize = self.judge_before_output
        self.judged = False

    @pass_context
    def judge_before_output(self, context, value):
        """Judge a replay file's answers before their first use: cookiecutter does not render ``__judged`` for them."""
        answers = context["cookiecutter"]
        if "__judged" in answers and not self.judged:
            judge(answers)
            self.judged = True
        return value

    def preprocess(self, source, name, filename=None):
        """Take an answer as plain text: cookiecutter runs those of the command line and of config files as Jinja."""
        if name or source in OUR_OWN:
            return source
        return "{{ %s }}" % ascii(source)

"""Any text may be answered to any question: it is refused in one line, or shown unharmed; it is never executed.

Hypothesis makes the texts up, the same ones each time. SLIPWAY_EXAMPLES=1000 makes up that many, new ones each time.
"""

import html
import json
import logging
import os
import re
import subprocess
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner
from cookiecutter.cli import main
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from harness.baking import DEFAULTS, QUESTIONS, environment
from harness.interpreters import ROOT
from local_answers import ASKED
from tests.test_projects import PARSERS

FREE_TEXT = ["project_name", "project_slug", "description", "author_name", "author_email", "domain_name", "timezone"]
SHOWN_AS_IT_IS = ["project_name", "description", "author_name"]

# What means something to a shell, Python, Jinja, Django, YAML, TOML, HTML, Markdown, .env, a mail or a terminal.
# What is executed makes a file named « executed » in the current folder.
PIECES = r"""
    $(touch${IFS}executed) `touch${IFS}executed` ;touch${IFS}executed; |tee&executed $HOME ${HOME} %HOME% !ls & ; ! ^
    '+__import__('os').mkdir('executed')+' ''' {{7*7}} {{cookiecutter}} {%now'Y'%} {# #} {{ }} #% %s %(name)s {0} {name}
    !!python/object/apply:os.mkdir[executed] &a *a yes null ~ - : # ? @ > | [x](javascript:alert(1)) <b>&amp; ]]> <!--
    ]]] [[ = == // \ \n " ' , . .. / ../ C:\ con nul -- -rf *** ___ ~~~ 1. 1) + é ß ﬁ İ 李雷 博客 🚀 👩‍💻 ا א
    a@b.c x.y my-site Europe/Paris example.com
""".split()  # noqa: SIM905
PIECES += ["\x00", "\x07", "\x1b[2J", "\ufeff", "\u202e", "\u200b", "\ud800", "\uffff", "\n", "\t"]

anything = st.one_of(
    st.text(max_size=90),
    st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=5)), min_size=1, max_size=6).map(" ".join),
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=3).map("".join),
)
# Most of that is refused, so one or two questions at a time get it, and the others what may well be shown.
writing = st.text(st.characters(categories=["L", "M", "N", "P", "S"], exclude_characters='"\\'), min_size=1, max_size=9)
presentable = st.lists(writing | st.sampled_from(PIECES), min_size=1, max_size=6).map(" ".join)
answers = st.one_of(
    st.dictionaries(st.sampled_from(FREE_TEXT), anything, min_size=1, max_size=2),
    st.fixed_dictionaries(dict.fromkeys(SHOWN_AS_IT_IS, presentable)),
    st.fixed_dictionaries(dict.fromkeys(SHOWN_AS_IT_IS, writing), optional={"author_email": st.emails()}),
)

ACCEPTED = [
    "O'Hara",
    "Zoë & Söhne",
    "李雷的博客",
    "🚀 Launch 👩‍💻",
    "<b>Bold</b>",
    "100% & done",
    "$HOME",
    "`touch executed`",
    "$(touch executed)",
    "'+__import__('os').mkdir('executed')+'",
    "!!python/object/apply:os.mkdir [executed]",
    "a: b # c",
    "- dash",
    "1. one",
    "a_b*c* [d](e)",
    "'''",
    "yes",
    "%(name)s {name} {0}",
]


class Site:
    """Looks at projects with their own Django: one process that loads it once, and a child for each project."""

    def __init__(self, python: Path) -> None:
        self.process = subprocess.Popen([python, "-c", LOOK], stdin=-1, stdout=-1, text=True, encoding="utf-8")

    def look(self, project: Path) -> dict[str, str]:
        self.process.stdin.write(f"{project}\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


LOOK = """
import json, os, re, sys, traceback
import django, django.core.management, django.db.backends.sqlite3.base, django.forms, django.template, environ

def look():
    django.setup()
    django.core.management.call_command("check", fail_level="WARNING", stdout=sys.stderr)
    from django.conf import settings
    from django.contrib import admin
    from django.test import RequestFactory
    import config.urls
    from core.views import home
    page = home(RequestFactory().get("/")).content.decode()
    return {
        "title": re.search("<title>(.*)</title>", page)[1],
        "description": re.search('name="description" content="(.*)"', page)[1],
        "mail subject": settings.EMAIL_SUBJECT_PREFIX,
        "admin": admin.site.site_header,
    }

for line in sys.stdin:
    child = os.fork()
    if child == 0:
        os.chdir(line.strip())
        sys.path.insert(0, line.strip())
        os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings.test"
        try:
            found = look()
        except BaseException:
            found = {"failed": traceback.format_exc()}
        print(json.dumps(found), flush=True)
        os._exit(0)
    os.waitpid(child, 0)
"""


@pytest.fixture(scope="session")
def site(tmp_path_factory) -> Iterator[Site]:
    logging.disable(logging.INFO)  # cookiecutter's, of which there is much
    found = Site(environment(DEFAULTS, tmp_path_factory.mktemp("requirements")) / "bin" / "python")
    yield found
    found.process.stdin.close()
    found.process.wait()
    logging.disable(logging.NOTSET)


@contextmanager
def empty_folder(parent: Path, number: Iterator[int]) -> Iterator[Path]:
    """Make a folder and work in it; what is executed would leave its file here."""
    folder = parent / str(next(number))
    folder.mkdir()
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield folder
    finally:
        os.chdir(before)


def by_command_line(answers, config):
    return [str(ROOT), "--no-input", *config, *(f"{name}={text}" for name, text in answers.items())], None


def by_prompt(answers, config):
    # What ends a line ends an answer, and cookiecutter takes the spaces around it away.
    lines = [re.split(r"[\r\n]", answers.get(name, ""))[0] for name in ASKED]
    typed = [line.encode("utf-8", "ignore").decode().strip() for line in lines]
    answers.update((name, text) for name, text in zip(ASKED, typed, strict=True) if name in answers)
    return [str(ROOT), *config], "\n".join(typed) + "\n"


def by_replay_file(answers, config):
    context = QUESTIONS | {"project_slug": "my-site"} | answers
    Path("replay.json").write_text(json.dumps({"cookiecutter": context}), encoding="utf-8")
    return [str(ROOT), "--replay-file", "replay.json", *config], None


WAYS = [by_command_line, by_prompt, by_replay_file]
EXAMPLES = os.environ.get("SLIPWAY_EXAMPLES")
COUNT = iter(range(10**9))


def every_example(test):
    for text in ACCEPTED:
        test = example(answers=dict.fromkeys(SHOWN_AS_IT_IS, text))(test)
    return test


@pytest.mark.parametrize("way", WAYS)
@settings(
    max_examples=int(EXAMPLES or 30),
    derandomize=not EXAMPLES,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@every_example
@given(answers=answers)
def test_any_answer_is_refused_in_one_line_or_shown_unharmed(way, answers, site, tmp_path_factory):
    with empty_folder(tmp_path_factory.getbasetemp(), COUNT) as folder:
        Path("config.yaml").write_text(json.dumps({"replay_dir": str(folder / "replays")}))
        answers = dict(answers)
        arguments, typed = way(answers, ["--config-file", "config.yaml", "--output-dir", "out"])
        done = CliRunner().invoke(main, arguments, input=typed, catch_exceptions=False)
        if done.exit_code:
            assert_refused(done.output, answers)
        else:
            (project,) = Path("out").iterdir()
            assert_shown_unharmed(project.absolute(), answers, site)
        assert not list(folder.rglob("executed*"))


def assert_refused(said, answers):
    assert not Path("out").exists()
    assert "Traceback" not in said
    assert "Nothing was made, because these answers cannot be used:" in said
    problems = [line for line in said.splitlines() if re.match(r"  [a-z_]+ ['\"]", line)]
    assert 1 <= len(problems) <= len(answers), said
    assert all("; expected" in line or ": expected" in line for line in problems if " has " not in line), said
    assert {line.split()[0] for line in problems} <= set(answers)


def assert_shown_unharmed(project, answers, site):
    for path in project.rglob("*"):
        parse = PARSERS.get(path.suffix) or PARSERS.get(path.name)
        if path.is_file() and parse and path.suffix != ".po":
            parse(path.read_text(encoding="utf-8"))
    expected = {name: answers.get(name) or QUESTIONS[name] for name in SHOWN_AS_IT_IS}
    name, description = expected["project_name"], expected["description"]
    metadata = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert metadata["authors"][0]["name"] == expected["author_name"]
    assert metadata["description"] == description
    readme = MarkdownIt().render((project / "README.md").read_text(encoding="utf-8"))
    heading, paragraph = re.search(r"<h1>(.*?)</h1>\n<p>(.*?)</p>", readme).groups()
    assert (html.unescape(heading), html.unescape(paragraph)) == (name, description)
    assert site.look(project) == {
        "title": html.escape(name),
        "description": html.escape(description),
        "mail subject": f"[{name}] ",
        "admin": name,
    }
    assert as_a_shell_reads_it(project, "DJANGO_EMAIL_SUBJECT_PREFIX") == f"[{name}]"


def as_a_shell_reads_it(project, name):
    """Return an example from .env.example as a shell reads it that sources the file."""
    line = re.search(rf"^# ({name}=.*)$", (project / ".env.example").read_text(encoding="utf-8"), re.M)[1]
    script = f'{line}\nprintf %s "${name}"'
    return subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=True).stdout

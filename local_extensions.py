"""Writes the answers into files, and lets none pass unjudged.

Cookiecutter loads this module as a Jinja extension, so the answers are judged in process, before a file or a folder
exists: at the last line of cookiecutter.json, and again when the project's folder is named, because a replay file
skips the former. A refusal is one message with a line for each problem; cookiecutter prints it and exits with 1.
"""

import gc
import html
import json
import logging
import re
from pathlib import Path

from jinja2.ext import Extension
from slugify import slugify

import local_command
from local_answers import LONGEST, PRIVATE, RENDERED, TAKEN, judge

gc.freeze()  # what is imported is no garbage; to look for some in it takes a sixth of the time of a bake

FOLDER = "{{cookiecutter.project_slug}}"


def slug(name):
    """Return a slug for any name: «李雷的博客» becomes «li-lei-de-bo-ke»; a name without letters becomes «my-site»."""
    words = slugify(str(name).replace("'", ""), max_length=LONGEST["project_slug"], word_boundary=True)
    if words and (words in TAKEN or not words[0].isalpha()):
        words = f"site-{words}"[: LONGEST["project_slug"]].strip("-")
    return words or "my-site"


def quoted(answer):
    """Write an answer between the double quotes of TOML, YAML, JSON or Python: ``"{{ answer | quoted }}"``."""
    return json.dumps(str(answer), ensure_ascii=False)[1:-1]


def dotenv(answer):
    """Write an answer between the double quotes of a .env file, where a shell would expand ``$`` and backticks."""
    return re.sub(r"([$`])", r"\\\1", quoted(answer))


def markdown(answer):
    """Write an answer into Markdown so that it reads as itself, also at the beginning of a line."""
    return re.sub(r"([`*_\[\]|~#]|^[-+]|(?<=^\d)[.)])", r"\\\1", html.escape(str(answer), quote=False))


class PlainText(str):
    """A template that renders as itself: answers and paths, of which cookiecutter runs some as Jinja."""

    def render(self, *_, **__):
        return str(self)


class FolderName:
    """The first template that is rendered of a project, also when the answers come from a replay file."""

    def render(self, cookiecutter, **_):
        cookiecutter.update(PRIVATE)  # a replay file holds those of the version that it was made with
        judge(cookiecutter)
        # The hook removes the folders of add-ons that were not chosen; to render them first would be a waste.
        add_ons = cookiecutter["add_ons"].split()
        unused = [folder for add_on, folder in PRIVATE["_add_on_folders"].items() if add_on not in add_ons]
        cookiecutter["_copy_without_render"] = [*PRIVATE["_copy_without_render"], *unused]
        return cookiecutter["project_slug"]


class Answers(Extension):
    """This template's filters, and the gate that no answer passes unjudged."""

    def __init__(self, environment):
        super().__init__(environment)
        environment.filters |= {function.__name__: function for function in (slug, judge, quoted, dotenv, markdown)}
        environment.globals["is_update"] = local_command.is_update()
        self.jinja, environment.from_string = environment.from_string, self.from_string
        self.jinja_file, environment.get_template = environment.get_template, self.get_template
        logging.getLogger("cookiecutter.hooks").disabled = True  # it adds a traceback to what a hook says

    def from_string(self, source, *arguments, **options):
        """Stand in for Jinja's method, which cookiecutter calls for whatever is not in a file of the project."""
        if source == FOLDER:
            return FolderName()
        return self.jinja(source, *arguments, **options) if source in RENDERED else PlainText(source)

    def get_template(self, name, *arguments, **options):
        """Stand in for Jinja's method, which cookiecutter calls for each file, to compile only those with choices."""
        text = Path(name).read_text(encoding="utf-8")
        has_choices = any(mark in text for mark in ("{{", "{%", "{#", "# %"))
        return self.jinja_file(name, *arguments, **options) if has_choices else PlainText(text)

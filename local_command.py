"""Watches over the command that bakes a project: cookiecutter's, or cruft's.

What was given on its command line, the folder that it is about to make, and a clean end when it fails or is
interrupted. Where Python code calls cookiecutter there is no command, and nothing to do.
"""

import json
import shutil
import sys
from pathlib import Path

import click
from cookiecutter.exceptions import OutputDirExistsException
from jinja2.ext import Extension

WATCHED = "slipway"  # marks a command that is being watched, in its context's meta


def current():
    """Return the context of the running command, or None where there is none."""
    copies = [click, sys.modules.get("typer._click.globals")]  # cruft's Typer has a copy of click inside
    contexts = [copy.get_current_context(silent=True) for copy in copies if copy]
    return next((context for context in contexts if context), None)


def names_given():
    """Return the names of the answers that stand on the command line, which cookiecutter does not look at."""
    command = current()
    given = (command and command.params.get("extra_context")) or {}
    return list(json.loads(given) if isinstance(given, str) else given)


def is_update():
    """Whether cruft bakes only to compare with a project that was made before."""
    command = current()
    return command is not None and command.info_name in {"update", "diff"}


def new_folder(slug):
    """Return the folder that the command will make, or None where it makes none or is making it already."""
    command = current()
    if command is None or WATCHED in command.meta or "output_dir" not in command.params:
        return None
    return Path(command.params["output_dir"], slug)


def watch(folder):
    """Have the folder removed if the command does not come to its end."""
    command = current()
    command.meta[WATCHED] = True
    folder = folder.absolute()  # cookiecutter changes the working directory while it renders
    if not command.params.get("keep_project_on_failure"):
        command.call_on_close(lambda: clear_up(folder))


def clear_up(folder):
    """Leave nothing half-made behind, and say in one line why nothing could be written.

    Raises:
        SystemExit: with that line, instead of the OSError that ended the command.
    """
    error = sys.exc_info()[1]
    # Cookiecutter itself tidies up before SystemExit; and a folder that exists may be another command's by now.
    if error is not None and not isinstance(error, (SystemExit, OutputDirExistsException)):
        shutil.rmtree(folder, ignore_errors=True)
    if isinstance(error, OSError):
        reason = error.__cause__ or error  # cookiecutter says only that it could not; the cause says why
        raise SystemExit(
            f"Nothing was made, because a file could not be written: {reason};"
            " expected a folder with room that you may write to, such as: --output-dir projects"
        )


class OneVersion(Extension):
    """Forgets the template's modules: cruft update bakes an old and a new version of them in one process.

    It comes first in cookiecutter.json's list, so that the others are loaded from the version that is baked.
    """

    def __init__(self, environment):
        super().__init__(environment)
        if "cruft" in sys.modules:
            for module in ("local_command", "local_extensions"):
                sys.modules.pop(module, None)

"""Watches over the command that bakes a project: cookiecutter's, or cruft's.

What was given on its command line, the folder that it is about to make, and a clean end when it fails or is
interrupted. Where Python code calls cookiecutter there is no command, and nothing to do.
"""

import json
import os
import shutil
import signal
import sys
import threading
from pathlib import Path

import click
from cookiecutter.exceptions import OutputDirExistsException

WATCHED = "slipway"  # marks a command that is being watched, in its context's meta


def current():
    """Return the context of the running command, or None where there is none."""
    copies = [click, sys.modules.get("typer._click.globals")]  # cruft's Typer has a copy of click inside
    contexts = [copy.get_current_context(silent=True) for copy in copies if copy]
    return next((context for context in contexts if context), None)


def is_update():
    """Whether cruft bakes only to compare with a project that was made before."""
    command = current()
    return command is not None and command.info_name in {"update", "diff"}


def given():
    """Return the answers on the command line by name: cookiecutter passes over names that no question has.

    Not those of an update: the old version of the template cannot know the questions of the new one.
    """
    command = current()
    if command is None or is_update():
        return {}
    answers = command.params.get("extra_context") or {}
    return (json.loads(answers) if isinstance(answers, str) else answers) or {}


def skips_hooks():
    """Whether hooks were refused on the command line."""
    command = current()
    return command is not None and command.params.get("accept_hooks") == "no"


def new_folder(slug):
    """Return the folder that the command will make, or None where it makes none or is making it already."""
    command = current()
    if command is None or WATCHED in command.meta or "output_dir" not in command.params:
        return None
    return Path(command.params["output_dir"], slug)


def watch(folder):
    """Have the folder removed if the command does not come to its end, also by a closed terminal or by « kill »."""
    command = current()
    command.meta[WATCHED] = True
    folder = folder.absolute()  # cookiecutter changes the working directory while it renders
    command.call_on_close(lambda: clear_up(folder, keep=command.params.get("keep_project_on_failure")))
    if threading.current_thread() is threading.main_thread():
        for name in {"SIGTERM", "SIGHUP"} & set(dir(signal)):  # Windows has no SIGHUP
            signal.signal(getattr(signal, name), signal.default_int_handler)


def clear_up(folder, keep=False):
    """Leave nothing half-made behind, and say in one line why nothing could be written.

    Raises:
        SystemExit: with that line, instead of the OSError that ended the command.
    """
    error = sys.exc_info()[1]
    # Cookiecutter itself tidies up before SystemExit; and a folder that exists may be another command's by now.
    if error is not None and not isinstance(error, (SystemExit, OutputDirExistsException)) and not keep:
        shutil.rmtree(folder, onerror=let_write_and_try_again)
    if isinstance(error, OSError):
        reason = error.__cause__ or error  # cookiecutter says only that it could not; the cause says why
        raise SystemExit(
            f"Nothing was made, because a file could not be written: {reason};"
            " expected room on the disk and the right to write there"
        )


def let_write_and_try_again(function, path, _):
    """Help shutil.rmtree in a folder whose owner may not write, as those of a read-only template are copied."""
    parent = os.path.dirname(path)
    if os.path.exists(path) and os.path.exists(parent):
        os.chmod(parent, 0o700)
        os.chmod(path, 0o700)
        function(path)

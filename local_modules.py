"""Loads the template's modules from the version that is baked.

`cruft update` bakes an old and a new version of the template in one process and in one folder, where Python would go on
with the modules, or with the bytecode, that it has of the old one.
"""

import shutil
import sys
from pathlib import Path

from jinja2.ext import Extension


class OneVersion(Extension):
    """Forgets the template's modules; the first in cookiecutter.json's list, since the others are loaded after it."""

    def __init__(self, environment):
        super().__init__(environment)
        if "cruft" in sys.modules:
            sys.dont_write_bytecode = True
            shutil.rmtree(Path(__file__).parent / "__pycache__", ignore_errors=True)
            for module in ("local_modules", "local_command", "local_answers", "local_extensions"):
                sys.modules.pop(module, None)

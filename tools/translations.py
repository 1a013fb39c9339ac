"""Compiles the generated project's translations (.po into .mo), without GNU gettext.

    .venv/bin/python -m tools.translations

tests/test_translations.py says so when the two are out of step.
"""

from pathlib import Path

import polib

LOCALE = Path(__file__).parent.parent / "{{cookiecutter.project_slug}}" / "locale"


def main():
    for source in sorted(LOCALE.glob("*/LC_MESSAGES/*.po")):
        messages = polib.pofile(str(source))
        messages.save_as_mofile(str(source.with_suffix(".mo")))
        print(f"{source.relative_to(LOCALE)}: {len(messages)} messages")


if __name__ == "__main__":
    main()

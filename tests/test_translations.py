"""English and Chinese say the same: in the pages' strings, in the READMEs and in the documents."""

import re

import polib
import pytest

from harness.interpreters import ROOT

PROJECT = ROOT / "{{cookiecutter.project_slug}}"
SOURCE = PROJECT / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"

PAIRS = [
    (ROOT / "README.md", ROOT / "README.zh-CN.md"),
    (PROJECT / "README.md", PROJECT / "README.zh-hans.md"),
    (PROJECT / "deploy" / "README.md", PROJECT / "deploy" / "README.zh-hans.md"),
    (ROOT / "docs" / "updating.md", ROOT / "docs" / "updating.zh-CN.md"),
]


def strings_in_pages():
    """Return the strings marked for translation in templates and code."""
    found = set()
    for file in [*PROJECT.glob("templates/**/*.html"), *PROJECT.glob("c*/**/*.py"), *PROJECT.glob("users/*.py")]:
        text = file.read_text(encoding="utf-8")
        found |= set(re.findall(r'{% translate "(.*?)"', text)) | set(re.findall(r'\b_\("(.*?)"\)', text))
        for block in re.findall(r"{% blocktranslate.*?%}(.*?){% endblocktranslate %}", text, re.DOTALL):
            found.add(re.sub(r"{{ (\w+) }}", r"%(\1)s", block))
    return found


def test_every_string_is_translated_and_no_translation_is_left_over():
    messages = {entry.msgid: entry.msgstr for entry in polib.pofile(str(SOURCE))}
    assert set(messages) == strings_in_pages()
    assert [text for text, translation in messages.items() if not translation] == []


def test_the_compiled_translations_are_in_step():
    compiled = polib.mofile(str(SOURCE.with_suffix(".mo")))
    expected = {entry.msgid: entry.msgstr for entry in polib.pofile(str(SOURCE))}
    assert {entry.msgid: entry.msgstr for entry in compiled} == expected


def outline(file):
    """Return what must be the same in both languages: headings' levels, commands, code, links and table rows."""
    text = file.read_text(encoding="utf-8")
    blocks = re.findall(r"^```.*?^```", text, re.DOTALL | re.MULTILINE)
    prose = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    return {
        "headings": re.findall(r"^(#+) (?!%)", prose, re.MULTILINE),
        "conditions": re.findall(r"^# % .*$", text, re.MULTILINE),
        "commands": blocks,
        "code": sorted(re.findall(r"`([^`]+)`", prose)),
        "rows": len(re.findall(r"^\|", prose, re.MULTILINE)),
        "steps": re.findall(r"^(\d+)\. ", prose, re.MULTILINE),
        "paragraphs": len(re.split(r"\n{2,}", prose.strip())),
    }


@pytest.mark.parametrize(("english", "chinese"), PAIRS, ids=lambda file: file.relative_to(ROOT).as_posix())
def test_both_languages_say_the_same(english, chinese):
    assert outline(chinese) == outline(english)


@pytest.mark.parametrize(
    "chinese", [chinese for _, chinese in PAIRS], ids=lambda file: file.relative_to(ROOT).as_posix()
)
def test_chinese_text_has_chinese_punctuation(chinese):
    text = re.sub(
        r"^```.*?^```|`[^`]*`|\]\([^)]*\)", "`", chinese.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE
    )
    assert re.findall(r"[\u4e00-\u9fff`][,:;(].*|.*[,:;)][\u4e00-\u9fff]", text) == []

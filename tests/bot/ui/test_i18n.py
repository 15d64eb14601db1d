"""Every string for people is translated, and the catalogs have nothing else."""

import re
import string
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from bot.errors import StartupError
from bot.ui.i18n import DEFAULT_LANGUAGE, LANGUAGES, LOCALES, load_i18n, supported_language
from inference.drawing import words
from inference.reports import wording

# The texts in the code are English, so English needs no catalog.
TRANSLATED = sorted(LANGUAGES.keys() - {DEFAULT_LANGUAGE})
CATALOGS = [
    path / language / "LC_MESSAGES" / f"{domain}.po"
    for path, domain in ((LOCALES, "bot"), (words.LOCALES, "inference"), (wording.LOCALES, "reports"))
    for language in TRANSLATED
]

each_catalog = pytest.mark.parametrize(
    "source", CATALOGS, ids=[f"{source.stem}-{source.parts[-3]}" for source in CATALOGS]
)


def marked(source: Path) -> set[str]:
    """Every string marked for translation in the package that the catalog translates."""
    keywords: dict[str, None] = {"_": None, "gettext": None}
    package = source.parents[3]
    found = {message for _, _, message, _, _ in extract_from_dir(package, keywords=keywords) if message}
    assert len(found) > 10
    return {message if isinstance(message, str) else message[0] for message in found}


def catalog(source: Path) -> Catalog:
    with source.open("rb") as file:
        return read_po(file, locale=source.parts[-3], abort_invalid=True)


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@each_catalog
def test_every_string_is_translated(source: Path) -> None:
    translated = catalog(source)
    for message in marked(source):
        entry = translated.get(message)
        assert entry is not None, f"{message!r} is missing"
        assert isinstance(entry.string, str), f"{message!r} has plurals"
        assert entry.string.strip(), f"{message!r} is empty"
        assert not entry.fuzzy, f"{message!r} is fuzzy"
        assert placeholders(entry.string) == placeholders(message), message
        assert re.findall(r"</?\w+>", entry.string) == re.findall(r"</?\w+>", message), message


@each_catalog
def test_no_translation_is_left_over(source: Path) -> None:
    kept = {str(entry.id) for entry in catalog(source) if entry.id}
    assert kept - marked(source) == set()


@each_catalog
def test_the_two_languages_differ(source: Path) -> None:
    same = {str(each.id) for each in catalog(source) if each.id and each.string == each.id}
    assert same <= {"Русский, English", "Photo {number}: {title}"}


def test_a_language_is_found_for_every_client() -> None:
    codes = ("ru", "ru-RU", "RU", "en-GB", "de", "", None)
    assert [supported_language(code) for code in codes] == ["ru", "ru", "ru", "en", "en", "en", "en"]


def test_each_language_speaks_its_own_words() -> None:
    i18n = load_i18n()
    spoken = {language: i18n.gettext("Your past results", locale=language) for language in LANGUAGES}
    assert spoken == {"en": "Your past results", "ru": "Ваши прошлые результаты"}


def test_the_bot_does_not_start_without_the_words_on_photos(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(words, "LOCALES", tmp_path)
    with pytest.raises(StartupError, match="missing for ru: run `make serving`"):
        load_i18n()

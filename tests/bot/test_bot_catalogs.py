"""Every string the bot says exists in every language, and the catalogs hold nothing else."""

import re
import string
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from bot.i18n import LANGUAGES, LOCALES, load_translations, supported_language

BOT = LOCALES.parent


def said() -> set[str]:
    """Every string marked for translation in the bot's code."""
    keywords: dict[str, None] = {"_": None, "gettext": None}
    found = {message for _, _, message, _, _ in extract_from_dir(BOT, keywords=keywords) if message}
    assert len(found) > 100
    return {message if isinstance(message, str) else message[0] for message in found}


def catalog(language: str) -> Catalog:
    path = LOCALES / language / "LC_MESSAGES" / "bot.po"
    with path.open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_string_is_translated(language: str) -> None:
    translated = catalog(language)
    for message in said():
        entry = translated.get(message)
        assert entry is not None, f"{message!r} is missing in {language}"
        assert isinstance(entry.string, str), f"{message!r} has plurals"
        assert entry.string.strip(), f"{message!r} is empty in {language}"
        assert not entry.fuzzy, f"{message!r} is fuzzy in {language}"
        assert placeholders(entry.string) == placeholders(message), message
        assert re.findall(r"</?\w+>", entry.string) == re.findall(r"</?\w+>", message), message


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_translation_is_left_over(language: str) -> None:
    kept = {str(entry.id) for entry in catalog(language) if entry.id}
    assert kept - said() == set()


def test_the_two_languages_differ() -> None:
    same = {str(each.id) for each in catalog("ru") if each.id and each.string == each.id}
    assert same <= {"Русский, English", "Photo {number}: {title}"}


def test_english_says_what_the_code_says() -> None:
    assert all(entry.string == entry.id for entry in catalog("en") if entry.id)


def test_a_language_is_found_for_every_client() -> None:
    codes = ("ru", "ru-RU", "RU", "en-GB", "de", "", None)
    assert [supported_language(code) for code in codes] == ["ru", "ru", "ru", "en", "en", "en", "en"]


def test_catalogs_load(compiled_translations: None) -> None:
    assert set(load_translations().available_locales) == set(LANGUAGES)
    assert Path(LOCALES).is_dir()

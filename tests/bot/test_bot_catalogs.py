"""Every string for people exists in every language, and the catalogs hold nothing else."""

import re
import string
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from bot.errors import StartupError
from bot.ui.i18n import LANGUAGES, LOCALES, load_i18n, supported_language
from inference.drawing import words

CATALOGS = pytest.mark.parametrize(
    ("folder", "language"), [(folder, language) for folder in (LOCALES, words.LOCALES) for language in LANGUAGES]
)


def said(folder: Path) -> set[str]:
    """Every string marked for translation in the package whose catalogs lie in the folder."""
    keywords: dict[str, None] = {"_": None, "gettext": None}
    found = {message for _, _, message, _, _ in extract_from_dir(folder.parent, keywords=keywords) if message}
    assert len(found) > 10
    return {message if isinstance(message, str) else message[0] for message in found}


def catalog(folder: Path, language: str) -> Catalog:
    path = folder / language / "LC_MESSAGES" / f"{folder.parent.name}.po"
    with path.open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@CATALOGS
def test_every_string_is_translated(folder: Path, language: str) -> None:
    translated = catalog(folder, language)
    for message in said(folder):
        entry = translated.get(message)
        assert entry is not None, f"{message!r} is missing in {language}"
        assert isinstance(entry.string, str), f"{message!r} has plurals"
        assert entry.string.strip(), f"{message!r} is empty in {language}"
        assert not entry.fuzzy, f"{message!r} is fuzzy in {language}"
        assert placeholders(entry.string) == placeholders(message), message
        assert re.findall(r"</?\w+>", entry.string) == re.findall(r"</?\w+>", message), message


@CATALOGS
def test_no_translation_is_left_over(folder: Path, language: str) -> None:
    kept = {str(entry.id) for entry in catalog(folder, language) if entry.id}
    assert kept - said(folder) == set()


@pytest.mark.parametrize("folder", [LOCALES, words.LOCALES])
def test_the_two_languages_differ(folder: Path) -> None:
    same = {str(each.id) for each in catalog(folder, "ru") if each.id and each.string == each.id}
    assert same <= {"Русский, English", "Photo {number}: {title}"}


@pytest.mark.parametrize("folder", [LOCALES, words.LOCALES])
def test_english_says_what_the_code_says(folder: Path) -> None:
    assert all(entry.string == entry.id for entry in catalog(folder, "en") if entry.id)


def test_a_language_is_found_for_every_client() -> None:
    codes = ("ru", "ru-RU", "RU", "en-GB", "de", "", None)
    assert [supported_language(code) for code in codes] == ["ru", "ru", "ru", "en", "en", "en", "en"]


def test_catalogs_load(compiled_translations: None) -> None:
    assert set(load_i18n().available_locales) == set(LANGUAGES)
    assert Path(LOCALES).is_dir()


def test_the_bot_does_not_start_without_the_words_on_photos(
    compiled_translations: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(words, "LOCALES", tmp_path)
    with pytest.raises(StartupError, match="missing for en, ru: run `make serving`"):
        load_i18n()

"""Languages: which exist, which one a person gets, and where the catalogs are.

English has no catalog: the texts in the code are English.
"""

from pathlib import Path

from aiogram.utils.i18n import I18n

from bot.errors import StartupError
from inference.drawing import words

LANGUAGES = {"en": "English", "ru": "Русский"}
DEFAULT_LANGUAGE = "en"
LOCALES = Path(__file__).parents[1] / "locales"


def load_i18n() -> I18n:
    """The compiled catalogs. Raises StartupError if one is missing."""
    try:
        i18n = I18n(path=LOCALES, default_locale=DEFAULT_LANGUAGE, domain="bot")
    except RuntimeError as error:
        raise StartupError(f"translations are not compiled ({error}): run `make serving`") from None
    drawn = {path.parts[-3] for path in words.LOCALES.glob("*/LC_MESSAGES/inference.mo")}
    missing = LANGUAGES.keys() - {DEFAULT_LANGUAGE} - (set(i18n.available_locales) & drawn)
    if missing:
        raise StartupError(f"translations are missing for {', '.join(sorted(missing))}: run `make serving`")
    return i18n


def supported_language(code: str | None) -> str:
    """The supported language that is nearest to an IETF tag such as `ru-RU`."""
    language = (code or "").replace("_", "-").split("-")[0].lower()
    return language if language in LANGUAGES else DEFAULT_LANGUAGE

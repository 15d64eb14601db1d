"""The page's languages. The texts in code and template are English; `locales` has the translations."""

from collections.abc import Callable
from functools import cache
from gettext import translation
from pathlib import Path
from typing import Final

LOCALES: Final = Path(__file__).parent / "locales"
LANGUAGES: Final = {"en": "English", "ru": "Русский"}


@cache
def translator(language: str) -> Callable[[str], str]:
    """A function that translates an English text of this package."""
    return translation("web", LOCALES, [language], fallback=True).gettext


def preferred(accept_language: str) -> str:
    """The best of our languages for an `Accept-Language` header; English if it names none of them."""
    wishes: list[tuple[float, str]] = []
    for part in accept_language.split(","):
        code, _, quality = part.strip().partition(";q=")
        try:
            wishes.append((float(quality or 1), code.partition("-")[0].lower()))
        except ValueError:
            continue
    liked = [(quality, code) for quality, code in wishes if code in LANGUAGES and quality > 0]
    return max(liked, key=lambda wish: wish[0])[1] if liked else "en"

"""The page's languages. The texts in code and template are English; `locales` holds the others."""

from collections.abc import Callable
from functools import cache
from gettext import translation
from pathlib import Path
from typing import Final

LOCALES: Final = Path(__file__).parent / "locales"
LANGUAGES: Final = {"en": "English", "ru": "Русский"}


@cache
def translator(language: str) -> Callable[[str], str]:
    """What turns an English text of this package into the language."""
    return translation("web", LOCALES, [language], fallback=True).gettext


def preferred(accept_language: str) -> str:
    """The language of ours that an `Accept-Language` header likes best; English where it likes none."""
    wishes: list[tuple[float, str]] = []
    for part in accept_language.split(","):
        code, _, quality = part.strip().partition(";q=")
        try:
            wishes.append((float(quality or 1), code.partition("-")[0].lower()))
        except ValueError:
            continue
    liked = [(quality, code) for quality, code in wishes if code in LANGUAGES and quality > 0]
    return max(liked, key=lambda wish: wish[0])[1] if liked else "en"

"""The few words that are drawn on a photo, through gettext like all that people read; catalogs lie in ``locales``."""

from collections.abc import Callable
from functools import cache
from gettext import translation
from pathlib import Path
from typing import Final

from inference.analysis import Analysis, Risk

LOCALES: Final = Path(__file__).parent / "locales"

_NO_BREAK_SPACE: Final = "\N{NO-BREAK SPACE}"


def class_name(label: str, language: str = "en") -> str:
    """The medical term of a class; in English where the language is not spoken."""
    _ = translator(language)
    names = {
        "akiec": _("Actinic keratosis"),
        "bcc": _("Basal cell carcinoma"),
        "bkl": _("Benign keratosis"),
        "df": _("Dermatofibroma"),
        "mel": _("Melanoma"),
        "nv": _("Melanocytic nevus"),
        "scc": _("Squamous cell carcinoma"),
        "vasc": _("Vascular lesion"),
    }
    return names[label]


def caption(analysis: Analysis, language: str = "en") -> str:
    """The words for an analysis with a label: the class with its percentage, then what to do; one line each.

    A language that is not spoken falls back to English.

    Raises:
        ValueError: the analysis is a refusal and has no label.
    """
    if analysis.label is None:
        raise ValueError("a refused analysis has no caption")
    _ = translator(language)
    advice = _("Not a diagnosis") if analysis.risk is Risk.LOW else _("Show it to a dermatologist soon")
    return f"{_named(analysis, analysis.label, language)}\n{advice}"


def explanation(analysis: Analysis, language: str = "en") -> str:
    """The words for the heat map of an analysis with a label: what it shows, then the class with its percentage.

    Raises:
        ValueError: the analysis is a refusal and has no label.
    """
    if analysis.label is None:
        raise ValueError("a refused analysis has no explanation")
    _ = translator(language)
    title = _("What made the model say so")
    return f"{title}\n{_named(analysis, analysis.label, language)}"


def legend_ends(language: str = "en") -> tuple[str, str]:
    """The words for the dark and the bright end of a heat map's colours."""
    _ = translator(language)
    return _("counted little"), _("much")


@cache
def translator(language: str) -> Callable[[str], str]:
    """What turns an English text of this package into the language; into itself where it is not spoken."""
    return translation("inference", LOCALES, [language], fallback=True).gettext


def _named(analysis: Analysis, label: str, language: str) -> str:
    share = _percent(analysis.probabilities[label], language)
    return f"{class_name(label, language)}{_NO_BREAK_SPACE}·{_NO_BREAK_SPACE}{share}"


def _percent(probability: float, language: str) -> str:
    # Certainty is nothing a model can state.
    number = f">{_NO_BREAK_SPACE}99" if probability > 0.99 else str(round(probability * 100))
    return f"{number}{_NO_BREAK_SPACE}%" if language == "ru" else f"{number}%"

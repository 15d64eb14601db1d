"""The few words that are drawn on a photo, in the languages the bot speaks."""

from collections.abc import Mapping
from typing import Final

from inference.analysis import Analysis, Risk

NAMES: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "akiec": "Actinic keratosis",
        "bcc": "Basal cell carcinoma",
        "bkl": "Benign keratosis",
        "df": "Dermatofibroma",
        "mel": "Melanoma",
        "nv": "Melanocytic nevus",
        "vasc": "Vascular lesion",
    },
    "ru": {
        "akiec": "Актинический кератоз",
        "bcc": "Базальноклеточный рак",
        "bkl": "Доброкачественный кератоз",
        "df": "Дерматофиброма",
        "mel": "Меланома",
        "nv": "Меланоцитарный невус",
        "vasc": "Сосудистое образование",
    },
}
_WHY: Final = {"en": "What made the model say so", "ru": "Почему модель так решила"}
_LITTLE: Final = {"en": "counted little", "ru": "значило мало"}
_MUCH: Final = {"en": "much", "ru": "много"}
_SHOW_A_DOCTOR: Final = {"en": "Show it to a dermatologist soon", "ru": "Покажите дерматологу, не откладывая"}
_NOT_A_DIAGNOSIS: Final = {"en": "Not a diagnosis", "ru": "Это не диагноз"}
_NO_BREAK_SPACE: Final = "\N{NO-BREAK SPACE}"


def caption(analysis: Analysis, language: str = "en") -> str:
    """The words for an analysis with a label: the class with its percentage, then what to do; one line each.

    A language that is not spoken falls back to English.

    Raises:
        ValueError: the analysis is a refusal and has no label.
    """
    if analysis.label is None:
        raise ValueError("a refused analysis has no caption")
    language = _spoken(language)
    advice = _NOT_A_DIAGNOSIS if analysis.risk is Risk.LOW else _SHOW_A_DOCTOR
    return f"{_named(analysis, analysis.label, language)}\n{advice[language]}"


def explanation(analysis: Analysis, language: str = "en") -> str:
    """The words for the heat map of an analysis with a label: what it shows, then the class with its percentage.

    Raises:
        ValueError: the analysis is a refusal and has no label.
    """
    if analysis.label is None:
        raise ValueError("a refused analysis has no explanation")
    language = _spoken(language)
    return f"{_WHY[language]}\n{_named(analysis, analysis.label, language)}"


def scale_ends(language: str = "en") -> tuple[str, str]:
    """The words for the dark and the bright end of a heat map's colours."""
    language = _spoken(language)
    return _LITTLE[language], _MUCH[language]


def _spoken(language: str) -> str:
    return language if language in NAMES else "en"


def _named(analysis: Analysis, label: str, language: str) -> str:
    share = _percent(analysis.probabilities[label], language)
    return f"{NAMES[language][label]}{_NO_BREAK_SPACE}·{_NO_BREAK_SPACE}{share}"


def _percent(probability: float, language: str) -> str:
    # Certainty is nothing a model can state.
    number = f">{_NO_BREAK_SPACE}99" if probability > 0.99 else str(round(probability * 100))
    return f"{number}{_NO_BREAK_SPACE}%" if language == "ru" else f"{number}%"

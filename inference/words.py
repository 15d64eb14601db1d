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
    language = language if language in NAMES else "en"
    share = _percent(analysis.probabilities[analysis.label], language)
    headline = f"{NAMES[language][analysis.label]}{_NO_BREAK_SPACE}·{_NO_BREAK_SPACE}{share}"
    advice = _NOT_A_DIAGNOSIS if analysis.risk is Risk.LOW else _SHOW_A_DOCTOR
    return f"{headline}\n{advice[language]}"


def _percent(probability: float, language: str) -> str:
    whole = round(probability * 100)
    # Certainty is nothing a model can state.
    number = f">{_NO_BREAK_SPACE}99" if whole >= 100 else str(whole)
    return f"{number}{_NO_BREAK_SPACE}%" if language == "ru" else f"{number}%"

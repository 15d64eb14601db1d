"""The texts that are drawn on a photo. gettext translates them; the catalogs are in ``locales``."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from gettext import translation
from pathlib import Path
from typing import Final

from inference.analysis import Analysis, Risk
from inference.classes import SUSPICIOUS

LOCALES: Final = Path(__file__).parent / "locales"


@dataclass(frozen=True)
class CaptionOptions:
    """What a caption depends on besides the analysis.

    `language`: "en" or "ru"; any other falls back to English. `number`: of the photo in its album. `least`: the lowest
    risk that the caption may state, because what a person reports may be more urgent than what the photo shows.
    `answers`: the person's answers, which count for the analysis; see `inference.pipeline.answers`.
    """

    language: str = "en"
    number: int | None = None
    least: Risk = Risk.LOW
    answers: Mapping[str, object] = field(default_factory=dict)

    def risk(self, analysis: Analysis) -> Risk:
        """The risk that the caption states. Raises ValueError for a refused analysis, which has none."""
        if analysis.risk is None:
            raise ValueError("a refused analysis has no risk")
        return analysis.risk.at_least(self.least)


DEFAULT_CAPTION: Final = CaptionOptions()
_NO_BREAK_SPACE: Final = "\N{NO-BREAK SPACE}"


def class_name(label: str, language: str = "en") -> str:
    """The medical term of a class; in English if there is no catalog of the language."""
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


def action(risk: Risk, language: str = "en") -> str:
    """What to do and by when, for each risk."""
    _ = translator(language)
    return {
        Risk.HIGH: _("Show this spot to a dermatologist within days"),
        Risk.RAISED: _("Have a dermatologist look at it within two weeks"),
        Risk.LOW: _("Watch this spot"),
    }[risk]


def caption(analysis: Analysis, options: CaptionOptions = DEFAULT_CAPTION) -> str:
    """Two lines for an analysis with a label: what to do, then a caution.

    Of several lesions they say which one is meant.

    Raises:
        ValueError: the analysis is a refusal.
    """
    _ = translator(options.language)
    risk = options.risk(analysis)
    more = _("If it changes, bleeds, itches or grows: see a doctor") if risk is Risk.LOW else _("Not a diagnosis")
    which = _("About spot number 1") + "\n" if analysis.more_lesions else ""
    return _numbered(f"{action(risk, options.language)}\n{which}{more}", options)


def explanation(analysis: Analysis, options: CaptionOptions = DEFAULT_CAPTION) -> str:
    """Two lines for the heat map of an analysis with a label: what it shows, and how likely that is.

    Raises:
        ValueError: the analysis is a refusal and has no label.
    """
    if analysis.label is None:
        raise ValueError("a refused analysis has no explanation")
    _ = translator(options.language)
    title, name, share = _("What made the model say so"), class_name(analysis.label, options.language), 0.0
    if analysis.risk is Risk.LOW:
        share = analysis.probabilities[analysis.label]
    else:
        name = _("Cancer or pre-cancer")
        share = min(1.0, sum(analysis.probabilities[each] for each in SUSPICIOUS))
    return f"{title}\n{name}{_NO_BREAK_SPACE}·{_NO_BREAK_SPACE}{_percent(share, options.language)}"


def legend_ends(language: str = "en") -> tuple[str, str]:
    """The words for the dark end and the bright end of a heat map's colours."""
    _ = translator(language)
    return _("counted little"), _("much")


@cache
def translator(language: str) -> Callable[[str], str]:
    """A function that translates an English text of this package; unchanged if there is no catalog of the language."""
    return translation("inference", LOCALES, [language], fallback=True).gettext


def _numbered(words: str, options: CaptionOptions) -> str:
    return words if options.number is None else f"{options.number}{_NO_BREAK_SPACE}· {words}"


def _percent(probability: float, language: str) -> str:
    # A model is never certain.
    number = f">{_NO_BREAK_SPACE}99" if probability > 0.99 else str(round(probability * 100))
    return f"{number}{_NO_BREAK_SPACE}%" if language == "ru" else f"{number}%"

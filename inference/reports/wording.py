"""The texts of reports. They are for a doctor: medical terms, figures with intervals, no advice on treatment."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from gettext import translation
from pathlib import Path
from typing import Final

from babel.dates import format_datetime
from babel.numbers import format_decimal, format_percent

from inference.analysis import Abcd, Colour, Risk
from inference.domains import Domain
from inference.drawing import words
from inference.registry.performance import Performance, Proportion

Row = tuple[str, str]
LOCALES: Final = Path(__file__).parent / "locales"


@cache
def translator(language: str) -> Callable[[str], str]:
    """A function that translates an English text of this package; unchanged if there is no catalog of the language."""
    return translation("reports", LOCALES, [language], fallback=True).gettext


def moment(when: datetime, language: str) -> str:
    """A time (UTC) as people write it."""
    return f"{format_datetime(when, 'd MMMM y, HH:mm', locale=language)} UTC"


def term(label: str, language: str) -> str:
    """The medical term of a class."""
    return words.class_name(label, language)


def share(value: float, language: str) -> str:
    """A share (0..1) in per cent with one decimal place: "<0.1%" instead of 0, ">99.9%" instead of 100."""
    if 0 < value < 0.001:
        return f"<{_percent(0.001, language)}"
    if 0.999 < value < 1:
        return f">{_percent(0.999, language)}"
    return _percent(value, language)


def decimal(value: float, language: str, pattern: str = "0.0") -> str:
    """A number as the language writes it."""
    return str(format_decimal(value, pattern, locale=language))


def photo_caption(domain: Domain | None, language: str) -> str:
    """The caption of the photo: what it was probably taken with."""
    _ = translator(language)
    if domain is None:
        return _("The photo")
    if domain == "dermatoscope":
        return _("The photo; as it looks, taken through a dermatoscope")
    return _("The photo; as it looks, taken by phone or camera")


def heat_caption(risk: Risk | None, language: str) -> str:
    """The caption of the heat map. With a warning, the map is for all malignant and pre-malignant classes."""
    _ = translator(language)
    if risk in (None, Risk.LOW):
        return _("Heat map: the brighter, the more it counted for the likeliest class")
    return _("Heat map: the brighter, the more it counted for malignant and pre-malignant classes")


def measured(measures: Abcd, language: str) -> list[Row]:
    """The ABCD measures: rows of name and value."""
    _ = translator(language)
    names = {
        Colour.WHITE: _("white"),
        Colour.RED: _("red"),
        Colour.LIGHT_BROWN: _("light brown"),
        Colour.DARK_BROWN: _("dark brown"),
        Colour.BLUE_GREY: _("blue-grey"),
        Colour.BLACK: _("black"),
    }
    colours = ", ".join(names[each] for each in measures.colours) or "–"
    rows = [
        (
            _("A: area without a counterpart when folded on two axes"),
            share(measures.asymmetry, language),
        ),
        (
            _("B: irregularity of the border (perimeter² by area), 1 for a disc"),
            decimal(measures.border, language, "0.00"),
        ),
        (_("C: of the rule's six colours, those over 5 per cent of the area"), f"{len(measures.colours)} ({colours})"),
        (
            _("D: longest diameter, share of the photo's diagonal; no scale, no millimetres"),
            share(measures.diameter, language),
        ),
    ]
    if measures.cut_off:
        rows.append((_("The lesion reaches the photo's edge"), _("only its visible part is measured")))
    return rows


def answered(answers: Mapping[str, object], language: str) -> list[Row]:
    """What the person said about the spot: rows of question and answer, for the given answers."""
    _ = translator(language)
    questions = {
        "itch": _("It itches"),
        "grew": _("It has grown"),
        "hurt": _("It hurts"),
        "changed": _("It has changed"),
        "bleed": _("It bleeds"),
        "elevation": _("It is raised"),
    }
    said = {"true": _("yes"), "false": _("no")}
    rows = [
        (question, said[str(answers[name]).lower()])
        for name, question in questions.items()
        if str(answers.get(name, "")).lower() in said
    ]
    if answers.get("age"):
        rows.append((_("Age"), str(answers["age"])))
    return rows


def figures(found: tuple[Performance, ...], language: str) -> list[tuple[str, ...]]:
    """The measured figures of the models: a table head, then a row for each set of photos."""
    _ = translator(language)
    kinds = {
        "dermatoscope": _("dermatoscope"),
        "close-up by camera": _("close-up by camera"),
        "photo by phone": _("photo by phone"),
    }
    head = (
        _("Test photos"),
        _("Number"),
        _("Class right"),
        _("Melanomas warned of"),
        _("All malignant and pre-malignant warned of"),
        _("Benign warned of"),
    )
    rows = [
        (
            f"{each.source}, {kinds.get(each.picture, each.picture)}",
            str(each.photos),
            *(
                _interval(share, language)
                for share in (each.accuracy, each.melanoma_warned, each.suspicious_warned, each.benign_warned)
            ),
        )
        for each in found
    ]
    return [head, *rows]


def _interval(share: Proportion | None, language: str) -> str:
    if share is None:
        return "–"
    lower, upper = (decimal(each * 100, language, "0") for each in (share.lower, share.upper))
    return f"{_percent(share.value, language, '0')} ({lower}–{upper})"


def _percent(value: float, language: str, digits: str = "0.0") -> str:
    pattern = f"{digits}%" if language == "en" else f"{digits}\u00a0%"
    return str(format_percent(value, pattern, locale=language, decimal_quantization=True))

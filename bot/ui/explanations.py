"""What made the model say so, in words: what the heat map shows, and the measures of the lesion, as measures."""

from html import escape

from aiogram.utils.i18n import get_i18n
from aiogram.utils.i18n import gettext as _
from babel.numbers import format_decimal

from bot.results import Result
from bot.ui.replies import class_name, not_a_diagnosis, percent
from inference.analysis import Abcd, Colour


def caption(result: Result, answered: Result, measures: Abcd) -> str:
    """The words under a heat map as HTML; fits a caption (1,024 UTF-16 units) in every language.

    Args:
        result: what the map explains; it has a class.
        answered: what was answered before, by other models perhaps.
        measures: of the outlined lesion.
    """
    if result.label is None:
        raise ValueError("a result without a class cannot be explained")
    title = _("What made the model say: {name}").format(name=class_name(result.label))
    parts = [
        f"<b>{escape(title)}</b>",
        _(
            "The brighter a place, the more it counted for this answer. This is what the model went by: it proves "
            "neither a disease nor that there is none."
        ),
    ]
    if answered.label is not None and answered.label != result.label:
        before = escape(class_name(answered.label))
        parts.append(_("The models have changed since that answer, which was: {name}.").format(name=before))
    heading = _("Measured inside the outline, without a verdict")
    measured = [f"<b>{heading}</b>", *_measured(measures)]
    return "\n\n".join(["\n".join(parts), "\n".join(measured), f"<i>{not_a_diagnosis()}</i>"])


def _measured(measures: Abcd) -> list[str]:
    lines = [
        _("Asymmetry: folded in half, {share} of the area finds no counterpart").format(
            share=percent(measures.asymmetry)
        ),
        _("Border: irregularity {number}, where a circle has {circle}").format(
            number=_decimal(measures.border), circle=_decimal(1)
        ),
        _colours(measures.colours),
        _("Diameter: {share} of the photo's diagonal; without a scale there are no millimetres").format(
            share=percent(measures.diameter)
        ),
    ]
    if measures.cut_off:
        lines.append(_("The spot reaches the edge of the photo: only what is visible was measured."))
    return [f"• {line}" for line in lines]


def _colours(found: tuple[Colour, ...]) -> str:
    if not found:
        return _("Colours: none of {total} stands out from the skin").format(total=len(Colour))
    names = {
        Colour.WHITE: _("white"),
        Colour.RED: _("red"),
        Colour.LIGHT_BROWN: _("light brown"),
        Colour.DARK_BROWN: _("dark brown"),
        Colour.BLUE_GREY: _("blue-grey"),
        Colour.BLACK: _("black"),
    }
    listed = ", ".join(names[colour] for colour in found)
    return _("Colours, as the photo shows them: {count} of {total} ({listed})").format(
        count=len(found), total=len(Colour), listed=listed
    )


def _decimal(number: float) -> str:
    return str(format_decimal(number, "0.0", locale=get_i18n().current_locale))

"""The text of an explanation: what decided the risk, what the heat map shows, and what the lesion looks like.

The lesion's measures are compared in words with what is usual for harmless moles, and only if they are notable. With a
warning, a number that looks harmless would be a false comfort.
"""

from html import escape

from aiogram.utils.i18n import gettext as _

from bot.results import Result
from bot.ui.names import RISK_ICONS, class_name, percent
from bot.ui.replies import not_a_diagnosis, symptom_name
from inference.analysis import Abcd, Colour, Risk
from inference.classes import BENIGN
from inference.drawing.verdict import group_share

# Nine of ten harmless moles stay below: measured on 300 of HAM10000's `val` with the served outlines.
USUAL_ASYMMETRY = 0.10
USUAL_BORDER = 1.30
USUAL_COLOURS = 2
# Colours that fewer than one in ten of the same moles has.
TELLING = frozenset({Colour.WHITE, Colour.BLUE_GREY, Colour.BLACK})


def caption(result: Result, answered: Result, measures: Abcd) -> str:
    """The caption of a heat map as HTML; at most 1,024 UTF-16 units in every language.

    Args:
        result: of the photo alone, with a class; the map explains it.
        answered: the earlier answer, maybe of other models, with the person's answers.
        measures: of the outlined lesion.
    """
    if result.label is None or result.risk is None:
        raise ValueError("a result without a class cannot be explained")
    title, heading = _("Why this answer"), _("What the spot looks like")
    parts = [f"<b>{RISK_ICONS[answered.risk or result.risk]} {title}</b>"]
    parts += map(escape, _tier(result, answered))
    if answered.label is not None and answered.label != result.label and answered.before is None:
        before = escape(class_name(answered.label))
        parts.append(_("The models have changed since that answer, which was: {name}.").format(name=before))
    parts.append(escape(_map(result)))
    seen = [f"<b>{heading}</b>", *(f"• {escape(line)}" for line in _shape(measures, result.risk))]
    return "\n\n".join(["\n".join(parts), "\n".join(seen), f"<i>{not_a_diagnosis()}</i>"])


def _tier(result: Result, answered: Result) -> list[str]:
    """What decided the risk."""
    group = percent(group_share(result.probabilities))
    likeliest = max(BENIGN, key=lambda name: result.probabilities.get(name, 0.0))
    rival = percent(result.probabilities.get(likeliest, 0.0))
    reasons = {
        Risk.HIGH: _(
            "Cancer or pre-cancer together ({group}) is likelier than any harmless kind ({rival} at most)."
        ).format(group=group, rival=rival),
        Risk.RAISED: _(
            "Cancer or pre-cancer ({group}), or melanoma alone ({melanoma}), reaches the limit from which I warn."
        ).format(group=group, melanoma=percent(result.probabilities.get("mel", 0.0))),
        Risk.LOW: _("In the photo, cancer or pre-cancer ({group}) stays below the limit from which I warn.").format(
            group=group
        ),
    }
    lines = [reasons[result.risk or Risk.LOW]]
    if answered.symptoms:
        said = ", ".join(map(symptom_name, answered.symptoms))
        lines.append(_("You say: {said}. That alone is a reason to have it looked at.").format(said=said))
    return lines


def _map(result: Result) -> str:
    if result.risk is Risk.LOW:
        what = _("The brighter a place, the more it counted for “{name}”.").format(name=class_name(result.label or ""))
    else:
        what = _("The brighter a place, the more it counted for cancer or pre-cancer.")
    return what + " " + _("It proves neither a disease nor that there is none.")


def _shape(measures: Abcd, risk: Risk) -> list[str]:
    """What is notable about a lesion. Usual looks do not weaken a warning."""
    notable = []
    if measures.cut_off:
        notable.append(_("The spot reaches the edge of the photo: its shape cannot be judged."))
    else:
        if measures.asymmetry > USUAL_ASYMMETRY:
            notable.append(_("Its halves differ more than in nine of ten harmless moles: worth showing."))
        if measures.border > USUAL_BORDER:
            notable.append(_("Its edge is more uneven than in nine of ten harmless moles: worth showing."))
    telling = [each for each in measures.colours if each in TELLING]
    if len(measures.colours) > USUAL_COLOURS or telling:
        notable.append(_colours(measures.colours))
    if notable:
        return notable
    if risk is Risk.LOW:
        return [_("Halves, edge and colours are as in most harmless moles. A melanoma may look so too.")]
    return [_("Its outline and colours do not stand out. That takes nothing from the warning: melanomas may look so.")]


def _colours(found: tuple[Colour, ...]) -> str:
    names = {
        Colour.WHITE: _("white"),
        Colour.RED: _("red"),
        Colour.LIGHT_BROWN: _("light brown"),
        Colour.DARK_BROWN: _("dark brown"),
        Colour.BLUE_GREY: _("blue-grey"),
        Colour.BLACK: _("black"),
    }
    listed = ", ".join(names[colour] for colour in found)
    return _("Colours seen: {count} ({listed}). Worth showing.").format(count=len(found), listed=listed)

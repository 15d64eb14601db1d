"""Answers to text in people's own words, based on their last result."""

from collections.abc import Collection
from html import escape

from aiogram.utils.i18n import gettext as _

from bot.results import Result, Symptom
from bot.talk.intents import Intent
from bot.ui import replies, texts
from inference.analysis import Risk


def to_symptoms(symptoms: Collection[Symptom], last: Result | None) -> str:
    """A reply to symptoms in free text, as HTML. `last` is the result with which they were stored."""
    said = ", ".join(replies.symptom_name(each) for each in Symptom if each in symptoms)
    # What that result says may be more urgent.
    action = replies.action(last or Result(risk=Risk.RAISED))
    lines = [
        f"<b>{action}</b>",
        _("You say: {said}. That is a reason to go, whatever a photo shows.").format(said=said),
    ]
    if Symptom.BLEEDS in symptoms:
        lines.append(_("If it bleeds heavily and does not stop, call for help at once."))
    noted = _("I have noted it with your last result.")
    lines.append(_("A photo of the spot tells me more: /help.") if last is None else noted)
    return "\n".join([*lines, f"<i>{replies.not_a_diagnosis()}</i>"])


def to_intent(intent: Intent, last: Result | None) -> str:
    """A reply to a question, as HTML; `last` is the person's latest answered result."""
    if intent is Intent.GREETING:
        return texts.welcome()
    if intent is Intent.PHOTO:
        return texts.tips()
    if intent is Intent.THANKS:
        return _("You are welcome! If the spot changes, bleeds, itches or grows, show it to a doctor.")
    lines = []
    if intent is Intent.CANCER:
        lines.append(_("That I cannot tell, and no photo can: a doctor can, often from a small sample of the skin."))
    if last is None:
        lines.append(_("Send me a close-up photo of the spot, and I will say how soon a doctor should see it."))
    else:
        lines += [_("Your last result:"), f"<b>{replies.action(last)}</b>", escape(replies.in_short(last))]
    lines.append(_("Whom to see: a dermatologist; where there is none, your family doctor."))
    lines.append(_("Heavy bleeding, fever or a spot that spreads within hours: call for help at once."))
    return "\n".join([*lines, f"<i>{replies.not_a_diagnosis()}</i>"])

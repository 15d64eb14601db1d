"""Texts about a model on trial, for administrators."""

from collections.abc import Mapping
from html import escape

from aiogram.utils.i18n import gettext as _

from bot.operator.comparing import Comparison, Side
from bot.operator.rereading import Round
from inference.analysis import Risk


def state(name: str, percent: int) -> str:
    """Which model is on trial, and on how many people."""
    if percent:
        return _("🐤 {model} answers {percent} in 100 people, always the same ones.").format(
            model=escape(name), percent=percent
        )
    return _("👥 {model} reads every photo too. Nobody gets its answers.").format(model=escape(name))


def comparison(name: str, shadow: Comparison, sides: Mapping[str, Side]) -> str:
    """Both compared: on the same photos, and on the photos that each answered."""
    lines = ["<b>" + _("{model} compared").format(model=escape(name)) + "</b>", ""]
    if shadow.photos:
        lines += [
            _("The same photos read by both: {number}").format(number=shadow.photos),
            _("The same class: {percent} %").format(percent=round(100 * shadow.alike / shadow.photos)),
            _("A more urgent answer: {raised}, a less urgent one: {lowered}").format(
                raised=shadow.raised, lowered=shadow.lowered
            ),
            *(f"  {_name(old)} → {_name(new)}: {count}" for (old, new), count in shadow.changes.most_common()),
        ]
        if shadow.seconds is not None and shadow.other_seconds is not None:
            lines.append(
                _("Seconds a photo: {ours:.2f} before, {theirs:.2f} now").format(
                    ours=shadow.seconds, theirs=shadow.other_seconds
                )
            )
    else:
        lines.append(_("No photo has been read by both yet."))
    if sides:
        lines += ["", "<b>" + _("Answers of the last 28 days, by model") + "</b>"]
    for model, side in sides.items():
        warned = side.risks.get(Risk.RAISED, 0) + side.risks.get(Risk.HIGH, 0)
        text = _("{model}: {answers} answers, {percent} % with a warning").format(
            model=escape(model), answers=side.answers, percent=round(100 * warned / side.answers)
        )
        lines.append(text if side.seconds is None else f"{text}, {side.seconds:.2f} s")
    return "\n".join(lines)


def old_answers(round_: Round | None, model: str, to_tell: int) -> str:
    """The progress of reading old answers, and how many people would be warned."""
    lines = ["<b>" + _("Old answers without a warning, read again with {model}").format(model=escape(model)) + "</b>"]
    if round_ is not None:
        lines += [
            _("Read: {number}").format(number=round_.read),
            _("Not read, as the photo is gone: {number}").format(number=round_.failed),
            _("It is done.") if round_.done else _("It goes on while nobody waits for an answer."),
        ]
    lines.append(_("Would now be warned and do not know yet: {number}").format(number=to_tell))
    return "\n".join(lines)


def _name(risk: Risk | None) -> str:
    if risk is None:
        return _("refused")
    return {Risk.LOW: _("no warning"), Risk.RAISED: _("warning"), Risk.HIGH: _("urgent warning")}[risk]

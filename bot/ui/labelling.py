"""Texts and buttons for labelling photos of the training pool, as HTML."""

from collections.abc import Sequence

from aiogram.types import InlineKeyboardMarkup
from aiogram.utils.i18n import gettext as _

from bot.learning.buttons import GiveLabel, ShowOutline, TakeBack, TakeOutline, Turn
from bot.learning.kappa import cohens_kappa
from bot.learning.words import LABELS, NOT_A_LESION, OTHER, UNSURE
from bot.results import Result
from bot.ui.buttons import keyboard
from bot.ui.names import RISK_ICONS, current_language, percent
from inference.classes import CLASSES
from inference.reports.wording import term
from storage.labels import ENOUGH, NO_OUTLINE, Standing, final

SHOWN_CLASSES = 3

Shown = tuple[str, InlineKeyboardMarkup]


def label_name(label: str) -> str:
    """The name of a label, in the current language."""
    others = {OTHER: _("Something else"), NOT_A_LESION: _("Not a lesion"), UNSURE: _("Unsure")}
    return others[label] if label in others else term(label, current_language())


def question(request_id: int) -> Shown:
    """The question for a photo's label."""
    text = _(
        "<b>Photo {number}.</b> What is it?\n"
        "You see my own answer after yours. The photo is for this alone: it leaves this chat when you go on."
    ).format(number=request_id)
    buttons = {each: (label_name(each), GiveLabel(request_id=request_id, label=each).pack()) for each in LABELS}
    # A name of a class in Russian fills a row of a phone.
    classes = [[buttons[each]] for each in CLASSES]
    return text, keyboard(*classes, [buttons[OTHER], buttons[NOT_A_LESION]], [buttons[UNSURE], _leave()])


def outline(request_id: int, label: str, candidate: int, number: int) -> Shown:
    """The question if an outline is right; `candidate` of `number`, counted from 0."""
    lines = [_("<b>Photo {number}.</b> You said: {label}.").format(number=request_id, label=label_name(label))]
    lines.append(
        _("Is this outline right?")
        if number == 1
        else _("Is this outline right? It is {this} of {number}.").format(this=candidate + 1, number=number)
    )
    take = TakeOutline(request_id=request_id, candidate=candidate).pack()
    following = ShowOutline(request_id=request_id, candidate=(candidate + 1) % number).pack()
    reject = TakeOutline(request_id=request_id, candidate=NO_OUTLINE).pack()
    other = [(_("Another outline"), following)] if number > 1 else []
    none = _("It is wrong") if number == 1 else _("None is right")
    return "\n".join(lines), keyboard([(_("It is right"), take)], other, [(none, reject)], [_leave()])


def revealed(request_id: int, label: str, result: Result, given: Sequence[str]) -> Shown:
    """The bot's answer to a photo, for somebody who has labelled it; `given` are all labels so far."""
    likely = sorted(result.probabilities.items(), key=lambda item: item[1], reverse=True)[:SHOWN_CLASSES]
    said = [f"{label_name(name)} {percent(share)}" for name, share in likely]
    icon = f"{RISK_ICONS[result.risk]} " if result.risk is not None else ""
    lines = [
        _("<b>Photo {number}.</b> You said: {label}.").format(number=request_id, label=label_name(label)),
        _("I had said: {classes}.").format(classes=icon + ", ".join(said)),
        _state(given),
    ]
    slip = (_("That was a slip"), TakeBack(request_id=request_id).pack())
    return "\n".join(lines), keyboard([(_("Next photo"), Turn.NEXT)], [slip] if label != UNSURE else [], [_leave()])


def nothing_left() -> str:
    """The notice that there is nothing left to label."""
    return _("There is no photo for you to label now.")


def summary(standing: Standing, most_bytes: int) -> str:
    """The size of the pool, the state of its labelling, and how far two labels agree."""
    lines = [
        "<b>" + _("Training pool") + "</b>",
        _("Photos: {number} ({size} of {most} MB)").format(
            number=standing.photos, size=round(standing.size / 1e6), most=round(most_bytes / 1e6)
        ),
        _("Without a label: {number}").format(number=standing.unlabelled),
        _("More labels wanted: {number}").format(number=standing.begun),
        _("Decided: {number}").format(number=standing.decided),
        _("Undecided after three: {number}").format(number=standing.undecided),
    ]
    if standing.pairs:
        same = sum(first == second for first, second in standing.pairs)
        alike = _("The first two labels are the same: {same} of {number}")
        lines += ["", alike.format(same=same, number=len(standing.pairs))]
        kappa = cohens_kappa(standing.pairs)
        if kappa is not None:
            lines.append(
                _("Cohen's kappa: {kappa} (1 is full agreement, 0 what chance gives)").format(kappa=f"{kappa:.2f}")
            )
    return "\n".join(lines)


def thanks() -> str:
    """After somebody stops."""
    return _("Thank you. /label goes on where you stopped.")


def _state(given: Sequence[str]) -> str:
    if final(given) is not None:
        return _("The label is decided.")
    if len(given) >= ENOUGH:
        return _("The labels differ: it stays undecided.")
    return _("One more label is wanted.") if len(given) == 1 else _("The labels differ: a third person is asked.")


def _leave() -> tuple[str, str]:
    return _("Enough for now"), Turn.LEAVE

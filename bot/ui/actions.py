"""The buttons under an answer."""

from collections.abc import Callable, Mapping

from aiogram.types import InlineKeyboardMarkup
from aiogram.utils.i18n import gettext as _

from bot.moles.buttons import Follow
from bot.results import Result
from bot.ui import buttons
from bot.ui.callbacks import AllKinds, Ask, Explain, HistoryEntry, HistoryPage, Report, Share, Show, WasRight

BUTTONS_IN_A_ROW = 3

Action = Callable[[Result, int], buttons.Button | None]
"""A button for a result and the number of its request; None if it makes no sense for that result."""


def _why(result: Result, request_id: int) -> buttons.Button | None:
    return _("Why?"), Explain(request_id=request_id).pack()


def _all_kinds(result: Result, request_id: int) -> buttons.Button | None:
    return _("All kinds"), AllKinds(request_id=request_id).pack()


def _six_questions(result: Result, request_id: int) -> buttons.Button | None:
    text = _("Six questions for a surer answer") if result.before is None else _("Correct my answers")
    return text, Ask(request_id=request_id, question=0).pack()


def _follow(result: Result, request_id: int) -> buttons.Button | None:
    return _("Follow this mole"), Follow(request_id=request_id).pack()


def _report(result: Result, request_id: int) -> buttons.Button | None:
    return _("For my doctor"), Report(request_id=request_id).pack()


def _share(result: Result, request_id: int) -> buttons.Button | None:
    return _("Share with a doctor"), Share(request_id=request_id).pack()


def _was_right(result: Result, request_id: int) -> buttons.Button | None:
    return _("Was this right?"), WasRight(request_id=request_id).pack()


def _history(result: Result, request_id: int) -> buttons.Button | None:
    return _("My results"), HistoryPage(number=0, as_new_message=True).pack()


ROWS: tuple[tuple[Action, ...], ...] = (
    (_why, _all_kinds),
    (_six_questions,),
    (_follow, _report),
    (_share,),
    (_was_right, _history),
)
"""The actions under an answer, row by row. A new feature adds its action here."""


def keyboard(result: Result, request_id: int) -> InlineKeyboardMarkup:
    """The buttons under a message: `ROWS` under an answer, advice on photos under a refusal."""
    if result.label is None:
        return buttons.keyboard([_tips()])
    rows = [[button for action in row if (button := action(result, request_id))] for row in ROWS]
    return buttons.keyboard(*rows)


def album_keyboard(answered: Mapping[int, tuple[Result, int]]) -> InlineKeyboardMarkup:
    """The keyboard of an album: each photo with a class opens with its own buttons.

    `answered`: number of the photo -> result and request id.
    """
    if not answered:
        return buttons.keyboard([_tips()])
    if len(answered) == 1:
        return keyboard(*next(iter(answered.values())))
    photos = [
        (_("Photo {number}").format(number=number), HistoryEntry(request_id=request_id).pack())
        for number, (_result, request_id) in answered.items()
    ]
    rows = [photos[start : start + BUTTONS_IN_A_ROW] for start in range(0, len(photos), BUTTONS_IN_A_ROW)]
    return buttons.keyboard(*rows)


def _tips() -> buttons.Button:
    return _("How to take a good photo"), Show.TIPS

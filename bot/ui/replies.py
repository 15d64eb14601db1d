"""Results as messages of the chat. What they say about an analysis is written in `inference.drawing.verdict`."""

import math
from collections.abc import Mapping, Sequence
from datetime import timedelta
from html import escape

from aiogram.types import InlineKeyboardMarkup
from aiogram.utils.i18n import get_i18n
from aiogram.utils.i18n import gettext as _
from babel.dates import format_timedelta

from bot.results import Reason, Result, Trouble
from bot.ui import buttons
from bot.ui.callbacks import Explain, HistoryPage, Show
from inference.analysis import Refusal, Risk
from inference.drawing import verdict
from inference.photo import PhotoFault

MAX_CAPTION = 1024
BUTTONS_IN_A_ROW = 3
RISK_ICONS = {Risk.HIGH: "🔴", Risk.RAISED: "🟠", Risk.LOW: "🔵"}


def class_name(label: str) -> str:
    """A class in plain words, its medical term in brackets, as the person reads it."""
    return verdict.plain_name(label, current_language())


def percent(probability: float) -> str:
    """A probability (0..1) as whole per cent, as the person reads it."""
    return verdict.percent(probability, current_language())


def answer(result: Result, *, number: int | None = None) -> str:
    """A result with a class as HTML; fits a caption (1,024 UTF-16 units) in every language.

    `number` tells the photos of an album apart.
    """
    if result.label is None or result.risk is None:
        raise ValueError("a result without a class has no answer, only an apology")
    title = _("Most likely: {name}").format(name=class_name(result.label))
    ranking = sorted(result.probabilities.items(), key=lambda item: -item[1])
    lines = [escape(f"{percent(probability)} · {class_name(name)}") for name, probability in ranking]
    return "\n".join(
        [
            f"<b>{_numbered(escape(title), number)}</b>",
            f"{RISK_ICONS[result.risk]} {escape(advice(result))}",
            "",
            *lines,
            "",
            f"<i>{not_a_diagnosis()}</i>",
        ]
    )


def advice(result: Result) -> str:
    """What to do next, in plain text. Raises ValueError for a result without a class."""
    if result.label is None or result.risk is None:
        raise ValueError("a result without a class leads to no advice")
    return verdict.advice(result.label, result.risk, result.probabilities, current_language())


def not_a_diagnosis() -> str:
    """The line every answer ends with, as the person reads it."""
    return verdict.not_a_diagnosis(current_language())


def apology(reason: Reason, *, number: int | None = None, retry_after: float = 0.0) -> str:
    """Why a photo was not read and what to do about it, as HTML; `retry_after` is in seconds."""
    title, help_ = _explanations(retry_after)[reason]
    return f"<b>{_numbered(title, number)}</b>\n{help_}"


def time_from_now(seconds: float) -> str:
    """When something is to be expected, such as "in 2 minutes": rounded up, as estimates are."""
    step = 10 if seconds <= 50 else 60
    rounded = timedelta(seconds=max(1, math.ceil(seconds / step)) * step)
    return format_timedelta(rounded, add_direction=True, locale=get_i18n().current_locale)


def summary(results: Sequence[Result]) -> str:
    """An album in one message: a short line for every photo, as HTML of at most 4,096 UTF-16 units."""
    parts = []
    for number, result in enumerate(results, 1):
        if result.label is None or result.risk is None:
            if result.reason is None:
                raise ValueError("a result has a class or a reason")
            parts.append(apology(result.reason, number=number))
            continue
        share = percent(result.probabilities[result.label])
        title = _numbered(escape(f"{class_name(result.label)}, {share}"), number)
        parts.append(f"<b>{title}</b>\n{RISK_ICONS[result.risk]} {escape(advice(result))}")
    if any(result.label is not None for result in results):
        parts.append(_("Open a photo above to see all its percentages."))
        parts.append(f"<i>{not_a_diagnosis()}</i>")
    return "\n\n".join(parts)


def result_text(result: Result) -> str:
    """Any result, answered or refused."""
    if result.label is not None:
        return answer(result)
    return apology(result.reason or Trouble.FAILED, retry_after=result.retry_after)


def headline(result: Result) -> str:
    """A result in a few words of plain text, for a list."""
    if result.label is not None and result.risk is not None:
        share = percent(result.probabilities[result.label])
        return f"{RISK_ICONS[result.risk]} {class_name(result.label)}, {share}"
    return f"⚪ {_explanations()[result.reason or Trouble.FAILED][0]}"


def keyboard(result: Result, request_id: int) -> InlineKeyboardMarkup:
    """What a person may want next: the reasons and past results after an answer, advice on photos after a refusal."""
    if result.label is not None:
        return buttons.keyboard([_explain_button(request_id)], [_history_button()])
    return buttons.keyboard([_tips_button()])


def explain_keyboard(request_id: int) -> InlineKeyboardMarkup:
    """The button that explains one answer."""
    return buttons.keyboard([_explain_button(request_id)])


def album_keyboard(answered: Mapping[int, int]) -> InlineKeyboardMarkup:
    """`keyboard` for an album; `answered` holds the requests that got a class by the numbers of their photos."""
    if not answered:
        return buttons.keyboard([_tips_button()])
    if len(answered) == 1:
        return buttons.keyboard([_explain_button(*answered.values())], [_history_button()])
    whys = [
        (_("Photo {number}: why?").format(number=number), Explain(request_id=request_id).pack())
        for number, request_id in answered.items()
    ]
    rows = [whys[start : start + BUTTONS_IN_A_ROW] for start in range(0, len(whys), BUTTONS_IN_A_ROW)]
    return buttons.keyboard(*rows, [_history_button()])


def current_language() -> str:
    """The language in which the person is being answered."""
    return get_i18n().current_locale


def _explain_button(request_id: int) -> buttons.Button:
    return _("What made the model say so?"), Explain(request_id=request_id).pack()


def _history_button() -> buttons.Button:
    return _("My results"), HistoryPage(number=0, as_new_message=True).pack()


def _tips_button() -> buttons.Button:
    return _("How to take a good photo"), Show.TIPS


def _numbered(title: str, number: int | None) -> str:
    return title if number is None else _("Photo {number}: {title}").format(number=number, title=title)


def _explanations(retry_after: float = 0.0) -> dict[Reason, tuple[str, str]]:
    return {
        **{each: verdict.refusal_in_words(each, current_language()) for each in Refusal},
        PhotoFault.EMPTY: (
            _("This file is empty"),
            _("Something went wrong on the way. Please send the photo again."),
        ),
        PhotoFault.NOT_AN_IMAGE: (
            _("This file is not a picture I can read"),
            _("I read JPEG, PNG, WebP and HEIC. Please send a photo in one of these formats."),
        ),
        PhotoFault.TRUNCATED: (
            _("This picture is damaged"),
            _("Part of the file is missing. Please send the original photo again."),
        ),
        PhotoFault.TOO_MANY_PIXELS: (
            _("This picture has too many pixels"),
            _("Please send it as a photo rather than as a file, or make it smaller first."),
        ),
        PhotoFault.TOO_COSTLY: (
            _("This file takes too long to open"),
            _("Please send it as a photo rather than as a file, or save it as an ordinary JPEG first."),
        ),
        PhotoFault.ANIMATED: (
            _("This picture moves"),
            _("I read still photos only. Please send a single photo of the spot."),
        ),
        Trouble.NO_CONSENT: (
            _("I have not looked at this photo yet"),
            _("First I need your agreement: please read this, press the button, and send the photo again."),
        ),
        Trouble.TOO_LARGE: (
            _("This file is over 20 MB"),
            _("Telegram does not let me download it. Please send it as a photo, or make it smaller first."),
        ),
        Trouble.TOO_MANY: (
            _("That is more photos than I can take at once"),
            _("Please wait until I have answered the others, then send this one again."),
        ),
        Trouble.EXPIRED: (
            _("I could not get this photo from Telegram"),
            _("The file is no longer available. Sorry! Please send the photo again."),
        ),
        Trouble.UNAVAILABLE: (
            _("Telegram does not give me this photo right now"),
            _("I have tried several times. Sorry! Please send the photo again in a few minutes."),
        ),
        Trouble.TOO_SLOW: (
            _("This photo takes too long to arrive"),
            _("I waited for a minute. Sorry! Please send it again, as a photo rather than as a file."),
        ),
        Trouble.NOT_SET_UP: (
            _("I cannot get photos at the moment"),
            _("Whoever runs me has to change a setting first. Sorry! Please try again later."),
        ),
        Trouble.BUSY: (
            _("Too many people are sending photos right now"),
            _("Sorry! Please send this photo again {soon}.").format(soon=time_from_now(max(retry_after, 60))),
        ),
        Trouble.FAILED: (
            _("I could not read this photo"),
            _("Something broke on my side. Sorry! Please send it again, or try another photo."),
        ),
    }

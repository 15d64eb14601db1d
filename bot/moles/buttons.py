"""What the buttons about moles carry. Whose a mole or a photo is gets checked when a button is pressed."""

from enum import StrEnum

from aiogram.filters.callback_data import CallbackData


class Follow(CallbackData, prefix="follow"):
    """Follow the mole in a request's photo."""

    request_id: int


class AddTo(CallbackData, prefix="addto"):
    """Put a request's photo to a mole; 0 is a new one."""

    request_id: int
    mole_id: int


class Act(StrEnum):
    """What can be done with a mole."""

    OPEN = "open"
    COMPARE = "compare"
    PHOTO = "photo"
    RENAME = "rename"
    MEASURE = "measure"
    REMIND = "remind"
    REPORT = "report"
    ASK_FORGET = "ask"
    FORGET = "forget"
    SHARE = "share"


class OfMole(CallbackData, prefix="mole"):
    """Something to be done with a mole."""

    act: Act
    mole_id: int


class Place(CallbackData, prefix="place"):
    """A mole is named after a numbered place on the body."""

    mole_id: int
    zone: int


class Remind(CallbackData, prefix="remind"):
    """Remind of a mole every so many months; 0 never."""

    mole_id: int
    months: int


class Snooze(CallbackData, prefix="snooze"):
    """Remind of a mole again in a week."""

    mole_id: int


class Clock(CallbackData, prefix="clock"):
    """By how many minutes the person's clock is ahead of UTC."""

    minutes: int

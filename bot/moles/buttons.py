"""Callback data of the buttons about moles. The owner of a mole or a photo is checked when a button is pressed."""

from enum import StrEnum
from typing import Annotated

from aiogram.filters.callback_data import CallbackData
from pydantic import Field

from bot.ui.callbacks import RowId, Small


class Follow(CallbackData, prefix="follow"):
    """Follow the mole in a request's photo."""

    request_id: RowId


class AddTo(CallbackData, prefix="addto"):
    """Add a request's photo to a mole; 0 is a new mole."""

    request_id: RowId
    mole_id: Annotated[int, Field(ge=0, le=2**63 - 1)]


class Act(StrEnum):
    """The actions for a mole."""

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
    TOPIC = "topic"
    STORY = "story"


class OfMole(CallbackData, prefix="mole"):
    """An action for a mole."""

    act: Act
    mole_id: RowId


class Place(CallbackData, prefix="place"):
    """Name a mole after a numbered place on the body."""

    mole_id: RowId
    zone: Small


class Remind(CallbackData, prefix="remind"):
    """Remind of a mole every `months` months; 0 is never."""

    mole_id: RowId
    months: Small


class Snooze(CallbackData, prefix="snooze"):
    """Remind of a mole again in a week."""

    mole_id: RowId


class Clock(CallbackData, prefix="clock"):
    """By how many minutes the person's clock is ahead of UTC."""

    minutes: Small

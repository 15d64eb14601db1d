"""Callback data of the buttons about shares. Every press checks whose the share is."""

from enum import StrEnum
from typing import Annotated

from aiogram.filters.callback_data import CallbackData
from pydantic import Field

from bot.ui.callbacks import RowId


class Kind(StrEnum):
    """What can be shared."""

    RESULT = "r"
    MOLE = "m"


class ShareFor(CallbackData, prefix="share"):
    """Make a link to a result or a mole, valid for so many days; 0 means until it is taken back."""

    kind: Kind
    number: RowId
    days: Annotated[int, Field(ge=0, le=365)]


class Accept(CallbackData, prefix="accept"):
    """Become the reader of a share, with the token of its link."""

    token: Annotated[str, Field(min_length=22, max_length=22)]


class Own(StrEnum):
    """An owner's actions on a share."""

    REVOKE = "revoke"
    CHOOSE = "choose"


class OfOwn(CallbackData, prefix="own"):
    """An owner's action on a share."""

    act: Own
    share_id: RowId


class Read(StrEnum):
    """A reader's actions on a share."""

    OPEN = "open"
    COMPARE = "compare"
    REPORT = "report"
    NOTE = "note"
    BENIGN = "benign"
    COME_IN = "come"
    WORDS = "words"


class OfShared(CallbackData, prefix="shared"):
    """A reader's action on a share."""

    act: Read
    share_id: RowId

"""What the buttons about shares carry. Whose a share is gets checked when a button is pressed."""

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
    """Make a link to a result or a mole, good for so many days; 0 is until it is taken back."""

    kind: Kind
    number: RowId
    days: Annotated[int, Field(ge=0, le=365)]


class Accept(CallbackData, prefix="accept"):
    """Become the reader of a share. The token is what the link carried."""

    token: Annotated[str, Field(min_length=22, max_length=22)]


class Own(StrEnum):
    """What an owner does with a share."""

    REVOKE = "revoke"
    CHOOSE = "choose"


class OfOwn(CallbackData, prefix="own"):
    """Something that an owner does with a share."""

    act: Own
    share_id: RowId


class Read(StrEnum):
    """What a reader does with a share."""

    OPEN = "open"
    COMPARE = "compare"
    REPORT = "report"
    NOTE = "note"
    BENIGN = "benign"
    COME_IN = "come"
    WORDS = "words"


class OfShared(CallbackData, prefix="shared"):
    """Something that a reader does with what was shared."""

    act: Read
    share_id: RowId

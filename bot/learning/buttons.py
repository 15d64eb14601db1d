"""Callback data of the buttons for labelling photos of the pool."""

from enum import StrEnum
from typing import Annotated

from aiogram.filters.callback_data import CallbackData
from pydantic import Field

from bot.learning.masks import MOST
from bot.ui.callbacks import RowId

Candidate = Annotated[int, Field(ge=-1, lt=MOST)]


class Turn(StrEnum):
    """What a labeller does after a photo."""

    NEXT = "label:next"
    LEAVE = "label:leave"


class GiveLabel(CallbackData, prefix="label"):
    """Give a photo this label."""

    request_id: RowId
    label: str


class ShowOutline(CallbackData, prefix="outline"):
    """Show another outline of a photo."""

    request_id: RowId
    candidate: Candidate


class TakeOutline(CallbackData, prefix="outlined"):
    """Choose an outline; -1 means that none is right."""

    request_id: RowId
    candidate: Candidate


class TakeBack(CallbackData, prefix="unlabel"):
    """Take one's label of a photo back."""

    request_id: RowId

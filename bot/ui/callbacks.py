"""What the buttons carry. Telegram allows 64 bytes."""

from enum import StrEnum
from typing import Annotated

from aiogram.filters.callback_data import CallbackData
from pydantic import Field

from storage.records import Audience

# Anybody can send any number. What no button of ours carries is answered like a button that no longer works.
RowId = Annotated[int, Field(ge=1, le=2**63 - 1)]
PageNumber = Annotated[int, Field(ge=0, le=1_000_000)]
BroadcastId = Annotated[int, Field(ge=0, le=2**63 - 1)]


class Show(StrEnum):
    """Buttons that only show or do one thing."""

    CONSENT = "consent"
    TIPS = "tips"
    ERASE = "erase:yes"
    KEEP = "erase:no"
    MODELS = "models"
    SHARED = "shared"
    DECLINE = "decline"


class HistoryPage(CallbackData, prefix="history"):
    """One page of past results, counted from 0; `anew` sends it as a new message."""

    number: PageNumber
    as_new_message: bool = False


class HistoryEntry(CallbackData, prefix="result"):
    """One past result. Whose it is gets checked when the button is pressed."""

    request_id: RowId


class Explain(CallbackData, prefix="why"):
    """What made the model answer a request so. Whose it is gets checked when the button is pressed."""

    request_id: RowId


class AllKinds(CallbackData, prefix="kinds"):
    """An answer with all kinds in it. Whose it is gets checked when the button is pressed."""

    request_id: int


class Report(CallbackData, prefix="doctor"):
    """A request's report for a doctor. Whose it is gets checked when the button is pressed."""

    request_id: int


class Share(CallbackData, prefix="give"):
    """Share a request's result. Whose it is gets checked when the button is pressed."""

    request_id: RowId


class WasRight(CallbackData, prefix="right"):
    """Tell what a doctor said of a request's photo. Whose it is gets checked when the button is pressed."""

    request_id: int


class Ask(CallbackData, prefix="ask"):
    """A step among the six questions about a request.

    `question` counts from 0, and after the last one comes the answer; `choice` answers the question before it: -1 is
    not known, -2 leaves that answer as it is.
    """

    request_id: int
    question: int
    choice: int = -2


class ChooseLanguage(CallbackData, prefix="language"):
    """A language to be answered in."""

    code: str


class ModelPage(CallbackData, prefix="model"):
    """The card of a released model, by the fingerprint of its name and version."""

    fingerprint: str


class Activate(CallbackData, prefix="activate"):
    """A released classifier that is to serve from now on."""

    fingerprint: str


class AuditPage(CallbackData, prefix="audit"):
    """One page of the audit log, counted from 0."""

    number: PageNumber


class Maintain(CallbackData, prefix="maintain"):
    """Whether maintenance is to be on."""

    on: bool


class Announcements(CallbackData, prefix="news"):
    """Whether announcements are wanted."""

    wanted: bool


class Step(StrEnum):
    """What is done with an announcement: on the way to it, then while it is sent."""

    STOP = "stop"
    SAME = "same"
    SEND = "send"
    LATER = "later"
    HOUR = "hour"
    TOMORROW = "tomorrow"
    BACK = "back"
    DROP = "drop"
    PAUSE = "pause"
    RESUME = "resume"
    END = "end"


class BroadcastStep(CallbackData, prefix="broadcast"):
    """One step of an announcement; `draft` is 0 before there is one."""

    step: Step
    draft: BroadcastId = 0


class ChooseAudience(CallbackData, prefix="audience"):
    """Whom a draft is for."""

    draft: BroadcastId
    audience: Audience

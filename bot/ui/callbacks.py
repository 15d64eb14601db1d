"""Callback data of the buttons. Telegram allows 64 bytes."""

from enum import StrEnum
from typing import Annotated, Literal

from aiogram.filters.callback_data import CallbackData
from pydantic import Field

from storage.digests import Every
from storage.records import Audience

# Anybody can send any number. Unknown data is answered like a button that no longer works.
RowId = Annotated[int, Field(ge=1, le=2**63 - 1)]
PageNumber = Annotated[int, Field(ge=0, le=1_000_000)]
BroadcastId = Annotated[int, Field(ge=0, le=2**63 - 1)]
# A choice from a short list.
Small = Annotated[int, Field(ge=-1_000, le=1_000)]


class Show(StrEnum):
    """Buttons without parameters."""

    CONSENT = "consent"
    READ_EARLIER = "earlier:read"
    LEAVE_EARLIER = "earlier:leave"
    TIPS = "tips"
    ERASE = "erase:yes"
    KEEP = "erase:no"
    MODELS = "models"
    SHARED = "shared"
    DECLINE = "decline"
    MONTHS = "history:months"
    BY_MOLE = "history:moles"
    CLOCK = "clock"
    AGREEMENTS = "agreements"
    NO_FOLLOW_UPS = "later:no"
    ASK_WITHDRAW = "withdraw:ask"


class HistoryPage(CallbackData, prefix="history"):
    """A page of past results, counted from 0; `anew` sends it as a new message."""

    number: PageNumber
    as_new_message: bool = False


class Past(CallbackData, prefix="past"):
    """One page of past results that are narrowed `by` warning ("warned"), month ("2026-11") or mole ("mole-12")."""

    number: PageNumber
    by: Annotated[str, Field(pattern=r"^(|warned|20\d\d-(0[1-9]|1[0-2])|mole-\d{1,15})$")]


class Strip(Past, prefix="strip"):
    """Small pictures of one such page; `by` is empty for all results."""


class HistoryEntry(CallbackData, prefix="result"):
    """A past result. Its owner is checked when the button is pressed."""

    request_id: RowId


class Explain(CallbackData, prefix="why"):
    """Explain the answer to a request. Its owner is checked when the button is pressed."""

    request_id: RowId


class AllKinds(CallbackData, prefix="kinds"):
    """Show an answer with all classes. Its owner is checked when the button is pressed."""

    request_id: RowId


class Report(CallbackData, prefix="doctor"):
    """A request's report for a doctor. Its owner is checked when the button is pressed."""

    request_id: RowId


class Share(CallbackData, prefix="give"):
    """Share a request's result. Its owner is checked when the button is pressed."""

    request_id: RowId


class WasRight(CallbackData, prefix="right"):
    """Report a doctor's verdict on a request's photo. Its owner is checked when the button is pressed."""

    request_id: RowId


class NotSeen(CallbackData, prefix="unseen"):
    """No doctor has seen a request's photo yet. Its owner is checked when the button is pressed."""

    request_id: int


class Ask(CallbackData, prefix="ask"):
    """A step in the six questions about a request.

    `question` counts from 0; after the last question comes the answer. `choice` answers the question before it: -1 is
    "don't know", -2 keeps the earlier answer, -3 asks even if the answer is known.
    """

    request_id: RowId
    question: Small
    choice: Small = -2


class ChooseLanguage(CallbackData, prefix="language"):
    """The language of answers."""

    code: str


class ModelPage(CallbackData, prefix="model"):
    """The card of a released model, by the fingerprint of its name and version."""

    fingerprint: str


class Activate(CallbackData, prefix="activate"):
    """Activate a released classifier."""

    fingerprint: str


class TryModel(CallbackData, prefix="try"):
    """Try a released classifier on some percent of the people; 0 lets it only read along, -1 ends the trial."""

    fingerprint: str
    percent: Annotated[int, Field(ge=-1, le=50)]


class CompareModel(CallbackData, prefix="compare"):
    """Compare a classifier from a trial with the serving one."""

    fingerprint: str


class DraftNews(CallbackData, prefix="draft"):
    """Draft the announcement of the serving classifier, compared with another one."""

    fingerprint: str


class OldAnswers(CallbackData, prefix="old"):
    """Old answers and the serving model: show the state, read them again, or notify people who would now be warned."""

    step: Literal["look", "read", "tell"]


class RetrainStep(CallbackData, prefix="retrain"):
    """Start a retraining, ask whether to stop it, or stop it."""

    step: Literal["start", "ask", "stop"]


class SetDigest(CallbackData, prefix="digest"):
    """How often a member of the staff gets the digest."""

    every: Every | Literal["never"]


class ReadAgain(CallbackData, prefix="again"):
    """Read a photo again with the serving model. Its owner is checked when the button is pressed."""

    request_id: RowId


class AuditPage(CallbackData, prefix="audit"):
    """A page of the audit log, counted from 0."""

    number: PageNumber


class Maintain(CallbackData, prefix="maintain"):
    """Turn maintenance on or off."""

    on: bool


class Announcements(CallbackData, prefix="news"):
    """Opt in to announcements or out of them."""

    wanted: bool


class Matter(StrEnum):
    """The consents of a person."""

    USE = "use"
    PHOTOS = "photos"
    TRAINING = "training"
    FOLLOW_UPS = "later"


class Agree(CallbackData, prefix="agree"):
    """Whether a person agrees to something."""

    matter: Matter
    wanted: bool


class Step(StrEnum):
    """The steps of an announcement, before and while it is sent."""

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
    EDIT = "edit"


class BroadcastStep(CallbackData, prefix="broadcast"):
    """One step of an announcement; `draft` is 0 if there is no draft yet."""

    step: Step
    draft: BroadcastId = 0


class ChooseAudience(CallbackData, prefix="audience"):
    """Choose the audience of a draft."""

    draft: BroadcastId
    audience: Audience

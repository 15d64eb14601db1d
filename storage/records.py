"""The values that this package returns: frozen and without SQLAlchemy. Every time is aware and in UTC."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, TypedDict

RequestKind = Literal["photo", "document"]
BroadcastKind = Literal["text", "photo", "document"]


class Outcome(StrEnum):
    """The state of a request. The first three are under way, the others are final.

    SENDING is committed before the answer goes out. If the process dies then, nobody knows whether the answer arrived.
    REPLACED: an edit put another photo into the message before it was answered.
    """

    RECEIVED = "received"
    WORKING = "working"
    SENDING = "sending"
    ANSWERED = "answered"
    REFUSED = "refused"
    FAILED = "failed"
    REPLACED = "replaced"


ANSWERED = (Outcome.ANSWERED, Outcome.SENDING)
"""The answer was sent or may have been sent: it can arrive before that is noted."""
COMMITTED = (*ANSWERED, Outcome.REFUSED)
"""`ANSWERED` and refusals."""


class BroadcastState(StrEnum):
    """A draft is confirmed at once or for a time (scheduled), then runs until it is finished.

    Until then it can be cancelled, and while it runs it can pause.
    """

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    CANCELLED = "cancelled"


class Audience(StrEnum):
    """The audience of an announcement. ACTIVE are those who sent a photo lately."""

    ALL = "all"
    ENGLISH = "en"
    RUSSIAN = "ru"
    ACTIVE = "active"
    STAFF = "staff"


class DeliveryState(StrEnum):
    """The state of one announcement to one person.

    SENDING is committed before the message goes out. If the process dies then, nobody knows whether the message
    arrived. Such a delivery stays SENDING and is never repeated.
    """

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    BLOCKED = "blocked"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class User:
    """A person who wrote to the bot.

    `language` is what they chose, or else what their client first reported. `consented_at` is None until they agree.
    `blocked_at` is set while they block the bot. `utc_offset` is in minutes, or None if unknown. `follow_ups`: whether
    they may be asked weeks later if a doctor has seen the spot. `hinted_at`: when they read how to hold the phone.
    """

    id: int
    language: str | None
    consented_at: datetime | None
    announcements: bool
    blocked_at: datetime | None
    created_at: datetime
    utc_offset: int | None = None
    follow_ups: bool = True
    hinted_at: datetime | None = None


@dataclass(frozen=True)
class Received:
    """A message with a photo to analyse, as it arrived. `note` is the text in it.

    `thread_id` is its topic, in a chat with topics. `edited_at` (Unix seconds) is 0 for a message that was not edited.
    """

    user_id: int
    chat_id: int
    message_id: int
    media_group_id: str | None
    file_id: str
    file_unique_id: str
    kind: RequestKind
    note: str | None = None
    thread_id: int | None = None
    edited_at: int = 0


@dataclass(frozen=True)
class Request:
    """One photo to analyse.

    `progress_message_id` is the message that shows its progress. `result` is the decrypted health data of a completed
    request, else None. `note` is what the person wrote with the photo. `explanation_asked_at` is None unless an
    explanation is still to be given. If the request cannot be decrypted, `is_readable` is False and its file ids are
    empty.
    """

    id: int
    user_id: int
    chat_id: int
    message_id: int
    media_group_id: str | None
    file_id: str
    file_unique_id: str
    kind: RequestKind
    outcome: Outcome
    created_at: datetime
    completed_at: datetime | None
    progress_message_id: int | None
    reply_file_id: str | None
    result: Mapping[str, Any] | None
    explanation_asked_at: datetime | None
    note: str | None = None
    thread_id: int | None = None
    edited_at: int = 0
    is_readable: bool = True

    @property
    def is_answered(self) -> bool:
        """Whether it has a result that the person may have seen."""
        return self.result is not None and self.outcome in ANSWERED


@dataclass(frozen=True)
class Completion:
    """How a request ended. `result` (JSON types only) and the file id of the reply are encrypted in the database."""

    request_id: int
    outcome: Outcome
    result: Mapping[str, Any] | None = None
    reply_file_id: str | None = None


class Content(TypedDict):
    """The content of an announcement: `text` is the message or the caption, `entities_json` its formatting."""

    kind: BroadcastKind
    text: str
    entities_json: str
    file_id: str | None


@dataclass(frozen=True)
class Broadcast:
    """An announcement: its content, and other content for the languages in `translations`.

    `starts_at` is None if it was sent at once.
    """

    id: int
    admin_id: int
    chat_id: int
    kind: BroadcastKind
    text: str
    entities_json: str
    file_id: str | None
    state: BroadcastState
    progress_message_id: int | None
    created_at: datetime
    finished_at: datetime | None
    translations: Mapping[str, Content]
    audience: Audience
    starts_at: datetime | None

    def content(self, language: str) -> Content:
        """The content for this language."""
        own = Content(kind=self.kind, text=self.text, entities_json=self.entities_json, file_id=self.file_id)
        return self.translations.get(language, own)


@dataclass(frozen=True)
class Delivery:
    """The next person to get an announcement. `language` is as in `User`."""

    user_id: int
    language: str | None


@dataclass(frozen=True)
class DeliveryCounts:
    """The number of deliveries of one broadcast in each state."""

    pending: int = 0
    sending: int = 0
    sent: int = 0
    blocked: int = 0
    failed: int = 0
    skipped: int = 0

    @property
    def total(self) -> int:
        """Everybody to whom it was addressed, without those who have erased their data since."""
        return self.pending + self.sending + self.sent + self.blocked + self.failed + self.skipped


@dataclass(frozen=True)
class Mole:
    """A mole that a person follows, with the name that they gave it."""

    id: int
    user_id: int
    name: str
    created_at: datetime


@dataclass(frozen=True)
class MolePhoto:
    """One photo of a mole: its request, and what was measured in it."""

    request: Request
    findings: Mapping[str, Any]


@dataclass(frozen=True)
class Reminder:
    """A reminder of a mole: at `due_at`, and then every `months` months."""

    mole: Mole
    months: int
    due_at: datetime


class Purpose(StrEnum):
    """A consent beside the terms of use: keeping the photos of moles, or training on photos."""

    PHOTOS = "photos"
    TRAINING = "training"


@dataclass(frozen=True)
class Holdings:
    """How much is kept of a person."""

    photos: int
    moles: int
    pictures: int
    training: int
    verdicts: int
    announcements: int


@dataclass(frozen=True)
class FollowUp:
    """A question to ask weeks after an answer: has a doctor seen the spot?"""

    request: Request
    due_at: datetime


@dataclass(frozen=True)
class Verdict:
    """A doctor's diagnosis as the person reports it (a class, or `other`), and whether there was a biopsy."""

    label: str
    biopsy: bool

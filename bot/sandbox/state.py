"""Everything the sandbox knows, in memory: chats, messages, button presses, the bot's profile, the calls."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiogram.types import BotCommand, Chat, Message, User

from bot.sandbox.errors import bad_request, forbidden
from bot.sandbox.events import EventHub
from bot.sandbox.faults import FaultPlan, FloodGate
from bot.sandbox.files import FileStore
from bot.sandbox.updates import UpdateQueue

MESSAGES_KEPT = 1000
PRESSES_KEPT = 200
CALLS_KEPT = 5000
PEOPLE_KEPT = 10_000
NUMBERS_BEGIN = 1_767_225_600  # 2026-01-01, in Unix seconds
NUMBERS_A_SECOND = 10


def dump(value: Any) -> dict[str, Any]:
    """A Telegram object as the JSON that the Bot API gives for it."""
    answer: dict[str, Any] = value.model_dump(mode="json", by_alias=True, exclude_none=True)
    return answer


def now() -> datetime:
    """This second, as message dates count."""
    return datetime.now(UTC).replace(microsecond=0)


@dataclass
class Press:
    """A press of an inline button and, once the bot has said so, the answer that the person sees."""

    callback_query_id: str
    message_id: int
    data: str
    answered: bool = False
    text: str | None = None
    show_alert: bool = False


@dataclass
class Conversation:
    """One person's chat with the bot. `started`: the person has written, so the bot may."""

    user: User
    started: bool = False
    blocked: bool = False
    messages: OrderedDict[int, Message] = field(default_factory=OrderedDict)
    presses: OrderedDict[str, Press] = field(default_factory=OrderedDict)

    @property
    def chat(self) -> Chat:
        """The private chat as it stands in messages."""
        return Chat(
            id=self.user.id,
            type="private",
            first_name=self.user.first_name,
            last_name=self.user.last_name,
            username=self.user.username,
        )

    def message(self, message_id: int | None, missing: str) -> Message:
        """Raises: ApiError 400 with `missing` where there is no such message."""
        found = self.messages.get(message_id) if message_id is not None else None
        if found is None:
            raise bad_request(missing)
        return found


@dataclass
class Call:
    """One call of the bot. `ok` is None while it is being answered; `at` is in Unix seconds."""

    id: int
    method: str
    chat_id: int | None
    params: dict[str, Any]
    at: float
    ok: bool | None = None
    error_code: int | None = None
    description: str | None = None


class World:
    """The sandbox's whole state, and the few steps that keep its parts in accord."""

    def __init__(self, token: str, bot: User, local_folder: Path | None = None) -> None:
        self.token = token
        self.local_folder = local_folder
        self.bot = bot
        self.events = EventHub()
        self.updates = UpdateQueue()
        self.files = FileStore()
        self.faults = FaultPlan()
        self.flood = FloodGate()
        self.people: dict[int, Conversation] = {}
        self.calls: deque[Call] = deque(maxlen=CALLS_KEPT)
        self.commands: dict[tuple[str, str], Sequence[BotCommand]] = {}
        self.texts: dict[tuple[str, str], str] = {}
        # A sandbox forgets, the bot's database does not: numbers of an earlier sandbox must not come again.
        self._last_message_id = max(0, int((time.time() - NUMBERS_BEGIN) * NUMBERS_A_SECOND))
        self._last_call_id = 0

    def join(self, user: User) -> Conversation:
        """Adds a person, or renames a known one. Raises: ApiError when there are too many."""
        known = self.people.get(user.id)
        if known is not None:
            known.user = user
        elif len(self.people) >= PEOPLE_KEPT:
            raise bad_request(f"the sandbox holds {PEOPLE_KEPT} people at most")
        else:
            known = self.people[user.id] = Conversation(user)
        self.events.publish("user", user.id, {"user": dump(user)})
        return known

    def conversation(self, chat_id: int | str) -> Conversation:
        """The chat by its number. Raises: ApiError 400 where there is none."""
        found = self.people.get(chat_id) if isinstance(chat_id, int) else None
        if found is None:
            raise bad_request("chat not found")
        return found

    def reachable(self, chat_id: int | str) -> Conversation:
        """The chat, if the bot may write to it. Raises: ApiError 400 or 403."""
        found = self.conversation(chat_id)
        if found.blocked:
            raise forbidden("bot was blocked by the user")
        if not found.started:
            raise forbidden("bot can't initiate conversation with a user")
        return found

    def post(self, conversation: Conversation, sender: User, content: Mapping[str, Any]) -> Message:
        """Puts a message into the chat under the next number and tells those who watch."""
        self._last_message_id += 1
        message = Message(
            message_id=self._last_message_id,
            date=now(),
            chat=conversation.chat,
            from_user=sender,
            **content,
        )
        conversation.messages[message.message_id] = message
        while len(conversation.messages) > MESSAGES_KEPT:
            conversation.messages.popitem(last=False)
        self.events.publish("message", conversation.user.id, {"message": dump(message)})
        return message

    def replace(self, conversation: Conversation, message: Message, changes: Mapping[str, Any]) -> Message:
        """Edits a message in place."""
        edited = message.model_copy(update={"edit_date": int(time.time()), **changes})
        conversation.messages[message.message_id] = edited
        self.events.publish("edit", conversation.user.id, {"message": dump(edited)})
        return edited

    def remove(self, conversation: Conversation, message_ids: Sequence[int]) -> None:
        """Deletes messages from the chat."""
        for message_id in message_ids:
            conversation.messages.pop(message_id, None)
        self.events.publish("delete", conversation.user.id, {"message_ids": list(message_ids)})

    def pressed(self, conversation: Conversation, press: Press) -> None:
        """Remembers a button press until it is answered."""
        conversation.presses[press.callback_query_id] = press
        while len(conversation.presses) > PRESSES_KEPT:
            conversation.presses.popitem(last=False)

    def record(self, method: str, chat_id: int | None, params: dict[str, Any]) -> Call:
        """Notes a call of the bot as it arrives."""
        self._last_call_id += 1
        call = Call(self._last_call_id, method, chat_id, params, time.time())
        self.calls.append(call)
        self.events.publish("call", chat_id, asdict(call))
        return call

    def finish(self, call: Call, *, ok: bool, error_code: int | None = None, description: str | None = None) -> None:
        """Notes how a call ended."""
        call.ok, call.error_code, call.description = ok, error_code, description
        self.events.publish("call", call.chat_id, asdict(call))

    def close(self) -> None:
        """Lets go of everybody who waits."""
        self.events.close()
        self.updates.close()

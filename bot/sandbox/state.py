"""The state of the sandbox, in memory: the chats, the bot's profile, its calls."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiogram.types import BotCommand, Message, User

from bot.sandbox.chats import Conversation, Group, Press, PrivateChat
from bot.sandbox.errors import bad_request
from bot.sandbox.events import EventHub
from bot.sandbox.faults import FaultPlan
from bot.sandbox.files import FileStore
from bot.sandbox.flood import FloodGate
from bot.sandbox.updates import UpdateQueue

MESSAGES_KEPT = 1000
PRESSES_KEPT = 10_000
CALLS_KEPT = 5000
PEOPLE_KEPT = 10_000
NUMBERS_BEGIN = 1_767_225_600  # 2026-01-01, in Unix seconds
NUMBERS_A_SECOND = 10


def dump(value: Any) -> dict[str, Any]:
    """A Telegram object as JSON of the Bot API."""
    answer: dict[str, Any] = value.model_dump(mode="json", by_alias=True, exclude_none=True)
    return answer


def now() -> datetime:
    """The current time in whole seconds, as in message dates."""
    return datetime.now(UTC).replace(microsecond=0)


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
    """The whole state of the sandbox, and the steps that change several parts of it at once."""

    def __init__(self, token: str, bot: User, local_folder: Path | None = None) -> None:
        self.token = token
        self.local_folder = local_folder
        self.bot = bot
        self.events = EventHub()
        self.updates = UpdateQueue()
        self.files = FileStore()
        self.faults = FaultPlan()
        self.flood = FloodGate()
        self.people: dict[int, PrivateChat] = {}
        self.groups: dict[int, Group] = {}
        self._presses: OrderedDict[str, Conversation] = OrderedDict()
        self.calls: deque[Call] = deque(maxlen=CALLS_KEPT)
        self.commands: dict[tuple[str, str], Sequence[BotCommand]] = {}
        self.texts: dict[tuple[str, str], str] = {}
        # A new sandbox has forgotten everything, but the bot's database has not. So ids of an earlier sandbox must not
        # come again.
        self._last_message_id = max(0, int((time.time() - NUMBERS_BEGIN) * NUMBERS_A_SECOND))
        self._last_call_id = 0

    def join(self, user: User) -> PrivateChat:
        """Adds a person, or renames a known one. Raises: ApiError if there are too many."""
        known = self.people.get(user.id)
        if known is not None:
            known.user = user
        elif len(self.people) >= PEOPLE_KEPT:
            raise bad_request(f"the sandbox holds {PEOPLE_KEPT} people at most")
        else:
            known = self.people[user.id] = PrivateChat(user=user)
        self.events.publish("user", user.id, {"user": dump(user)})
        return known

    def person(self, user_id: int) -> PrivateChat:
        """Somebody's chat with the bot. Raises: ApiError 400 if there is no such person."""
        found = self.people.get(user_id)
        if found is None:
            raise bad_request("chat not found")
        return found

    def conversation(self, chat_id: int | str) -> Conversation:
        """The chat with this id. Raises: ApiError 400 if there is none."""
        found = (self.people.get(chat_id) or self.groups.get(chat_id)) if isinstance(chat_id, int) else None
        if found is None:
            raise bad_request("chat not found")
        return found

    def reachable(self, chat_id: int | str) -> Conversation:
        """The chat, if the bot may write to it. Raises: ApiError 400 or 403."""
        found = self.conversation(chat_id)
        refusal = found.refusal()
        if refusal is not None:
            raise refusal
        return found

    def next_number(self) -> int:
        """A new number for a message, a chat or a topic."""
        self._last_message_id += 1
        return self._last_message_id

    def post(
        self, conversation: Conversation, sender: User, content: Mapping[str, Any], number: int | None = None
    ) -> Message:
        """Adds a message to the chat, under the next number unless it has one, and publishes the event."""
        message = Message(
            message_id=number or self.next_number(),
            date=now(),
            chat=conversation.chat,
            from_user=sender,
            **content,
        )
        if sender.id == self.bot.id:
            conversation.draft = None
        conversation.messages[message.message_id] = message
        while len(conversation.messages) > MESSAGES_KEPT:
            conversation.messages.popitem(last=False)
        self.events.publish("message", conversation.id, {"message": dump(message)})
        return message

    def replace(self, conversation: Conversation, message: Message, changes: Mapping[str, Any]) -> Message:
        """Edits a message in place."""
        edited = message.model_copy(update={"edit_date": int(time.time()), **changes})
        conversation.messages[message.message_id] = edited
        self.events.publish("edit", conversation.id, {"message": dump(edited)})
        return edited

    def remove(self, conversation: Conversation, message_ids: Sequence[int]) -> None:
        """Deletes messages from the chat."""
        for message_id in message_ids:
            conversation.messages.pop(message_id, None)
        self.events.publish("delete", conversation.id, {"message_ids": list(message_ids)})

    def remember_press(self, conversation: Conversation, press: Press) -> None:
        """Stores a press of a button until it is answered."""
        conversation.presses[press.callback_query_id] = press
        self._presses[press.callback_query_id] = conversation
        while len(self._presses) > PRESSES_KEPT:
            number, where = self._presses.popitem(last=False)
            where.presses.pop(number, None)

    def press(self, callback_query_id: str) -> tuple[Conversation, Press]:
        """A press and its chat. Raises: ApiError 400 if there is none."""
        conversation = self._presses.get(callback_query_id)
        if conversation is None:
            raise bad_request("query is too old and response timeout expired or query ID is invalid")
        return conversation, conversation.presses[callback_query_id]

    def record(self, method: str, chat_id: int | None, params: dict[str, Any]) -> Call:
        """Records a call of the bot when it arrives."""
        self._last_call_id += 1
        call = Call(self._last_call_id, method, chat_id, params, time.time())
        self.calls.append(call)
        self.events.publish("call", chat_id, asdict(call))
        return call

    def finish(self, call: Call, *, ok: bool, error_code: int | None = None, description: str | None = None) -> None:
        """Records how a call ended."""
        call.ok, call.error_code, call.description = ok, error_code, description
        self.events.publish("call", call.chat_id, asdict(call))

    def close(self) -> None:
        """Ends all waiting requests."""
        self.events.close()
        self.updates.close()

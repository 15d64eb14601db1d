"""Limits how much work one person can cause, before the database is used for it."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiogram import BaseMiddleware
from aiogram.enums import ChatType
from aiogram.types import CallbackQuery, Chat, Message, TelegramObject, Update
from aiogram.types import User as TelegramUser
from aiogram.utils.i18n import gettext as _

from bot.photos.asked import asked, is_request
from bot.results import Trouble
from bot.telegram.addressing import is_addressed
from bot.ui import apologies

# Answers go out at one message a second.
REFILL_SECONDS = 30.0
MAX_BUCKETS = 10_000
OVER_LIMIT = "is_over_limit"


@dataclass
class TokenBucket:
    left: float
    at: float
    warned: bool = False


class Buckets:
    """One token bucket for each person and for each group.

    Args:
        burst: how many tokens each has at once, and again every `REFILL_SECONDS`.
        clock: seconds that never run backwards.
    """

    def __init__(self, burst: int, clock: Callable[[], float]) -> None:
        self._burst = burst
        self._clock = clock
        self._buckets: dict[int, TokenBucket] = {}

    def take(self, owner: int) -> bool:
        """Whether there was a token left."""
        bucket = self._refilled(owner)
        if bucket.left < 1:
            return False
        bucket.left -= 1
        bucket.warned = False
        return True

    def is_first_refusal(self, owner: int) -> bool:
        """Whether this is the first refusal since the bucket ran empty. Notes that there was one."""
        bucket = self._refilled(owner)
        first, bucket.warned = not bucket.warned, True
        return first

    def _refilled(self, owner: int) -> TokenBucket:
        now = self._clock()
        if len(self._buckets) > MAX_BUCKETS:
            self._buckets = {key: each for key, each in self._buckets.items() if now - each.at < REFILL_SECONDS}
        bucket = self._buckets.setdefault(owner, TokenBucket(self._burst, now))
        refilled = (now - bucket.at) * self._burst / REFILL_SECONDS
        bucket.left = min(self._burst, bucket.left + refilled)
        bucket.at = now
        return bucket


class Throttling(BaseMiddleware):
    """Drops updates over a person's limits. Only the first of them, marked `is_over_limit`, gets an answer.

    Photos have their own limit. The inbox checks it before it records a photo, so that extra photos cost nothing.

    Args:
        messages: how many messages and button presses one person may send at once.
        photos: how many photos.
        clock: seconds that never run backwards.
    """

    def __init__(self, messages: int, photos: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._messages = Buckets(messages, clock)
        self._photos = Buckets(photos, clock)
        self._turned_away: set[tuple[int, int, int | None]] = set()

    def admits(self, message: Message) -> bool:
        """Whether a new photo, or one that is asked about in a group, is accepted."""
        if message.from_user is None:
            return True
        buckets, owner = self._account(message, message.from_user.id)
        if buckets.take(owner):
            return True
        self._turned_away.add(_key(message))
        return False

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        sender: TelegramUser | None = data.get("event_from_user")
        if sender is None:
            # There is nobody to answer. It may be a kind of update that aiogram does not know yet.
            return None
        chat: Chat | None = data.get("event_chat")
        inner = event.event if isinstance(event, Update) else event
        group = chat if chat is not None and chat.type != ChatType.PRIVATE else None
        overheard = group and isinstance(inner, Message) and not is_addressed(inner, await data["bot"].me())
        if overheard or not isinstance(inner, Message | CallbackQuery):
            # It gets no answer.
            return await handler(event, data)
        buckets, owner = self._account(inner, sender.id)
        if isinstance(inner, Message) and await asked(inner) is not None:
            taken = _key(inner) not in self._turned_away
            self._turned_away.discard(_key(inner))
        else:
            taken = buckets.take(owner)
        if not taken:
            if not buckets.is_first_refusal(owner):
                return None
            data[OVER_LIMIT] = True
        return await handler(event, data)

    def _account(self, event: Message | CallbackQuery, sender_id: int) -> tuple[Buckets, int]:
        """The buckets for an event, and whose bucket: in a group, all are answered in one place, so it has one."""
        message = event if isinstance(event, Message) else event.message
        if message is not None and message.chat.type != ChatType.PRIVATE:
            return self._messages, message.chat.id
        is_photo = isinstance(event, Message) and is_request(event)
        return self._photos if is_photo else self._messages, sender_id


def _key(message: Message) -> tuple[int, int, int | None]:
    return message.chat.id, message.message_id, message.edit_date


class OneWord(BaseMiddleware):
    """Answers a message over the limit in the person's language, instead of a handler."""

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        if not data.get(OVER_LIMIT):
            return await handler(event, data)
        inner = event.event if isinstance(event, Update) else event
        text = _("That was a lot of messages at once. Please wait a few seconds and try again.")
        if isinstance(inner, Message):
            await inner.answer(apologies.apology(Trouble.TOO_MANY) if is_request(inner) else text)
        elif isinstance(inner, CallbackQuery):
            await inner.answer(text, show_alert=True)
        return None

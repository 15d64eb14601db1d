"""One person can make the bot work only so much."""

from datetime import UTC, datetime
from typing import Any

from aiogram.types import CallbackQuery, Chat, Message, MessageEntity, PhotoSize, Update
from aiogram.types import User as TelegramUser

from bot.middlewares.throttling import OVER_LIMIT, REFILL_SECONDS, Throttling

SENDER = TelegramUser(id=1, is_bot=False, first_name="x")


def update(number: int, text: str | None) -> Update:
    """A text, or without one a photo."""
    photo = None if text else [PhotoSize(file_id="f", file_unique_id="u", width=1, height=1)]
    chat = Chat(id=1, type="private")
    message = Message(message_id=number, date=datetime.now(UTC), chat=chat, from_user=SENDER, text=text, photo=photo)
    return Update(update_id=number, message=message)


class Flood:
    """Somebody who sends much, and what comes of it."""

    def __init__(self) -> None:
        self.now = 0.0
        self.throttling = Throttling(messages=30, photos=20, clock=lambda: self.now)
        self.passed = 0
        self.words = 0
        self._number = 0

    async def _handle(self, event: object, data: dict[str, Any]) -> None:
        if data.get(OVER_LIMIT):
            self.words += 1
        else:
            self.passed += 1

    async def send(self, times: int, text: str | None = "hello") -> None:
        updates = [update(self._number + number, text) for number in range(times)]
        self._number += times
        for each in updates:
            if text is None:
                assert each.message is not None
                self.throttling.admits(each.message)
        for each in updates:
            await self.throttling(self._handle, each, {"event_from_user": SENDER})


async def test_a_flood_of_messages_gets_one_word_beyond_the_limit() -> None:
    flood = Flood()
    await flood.send(400)
    assert (flood.passed, flood.words) == (30, 1)
    flood.now = REFILL_SECONDS / 10
    await flood.send(5)
    assert (flood.passed, flood.words) == (33, 2)


async def test_photos_have_a_limit_of_their_own_and_one_word_too() -> None:
    flood = Flood()
    await flood.send(400)
    await flood.send(400, None)
    assert (flood.passed, flood.words) == (30 + 20, 2)
    assert flood.throttling._turned_away == set()
    flood.now = REFILL_SECONDS
    await flood.send(5, None)
    assert (flood.passed, flood.words) == (55, 2)


class FakeBot:
    async def me(self) -> TelegramUser:
        return TelegramUser(id=7, is_bot=True, first_name="x", username="this_bot")


async def test_a_group_counts_as_one_and_what_is_not_said_to_the_bot_costs_nothing() -> None:
    flood = Flood()

    async def say(times: int, text: str, press: bool = False) -> None:
        for number in range(times):
            sender = TelegramUser(id=100 + number, is_bot=False, first_name="x")
            entities = [MessageEntity(type="mention", offset=0, length=9)]
            chat = Chat(id=-5, type="supergroup")
            message = Message(
                message_id=1, date=datetime.now(UTC), chat=chat, from_user=sender, text=text, entities=entities
            )
            query = CallbackQuery(id="1", from_user=sender, chat_instance="1", message=message, data="x")
            event = {"callback_query": query} if press else {"message": message}
            data = {"event_from_user": sender, "event_chat": chat, "bot": FakeBot()}
            await flood.throttling(flood._handle, Update(update_id=1, **event), data)

    await say(100, "@somebody hello")
    assert (flood.passed, flood.words) == (100, 0)
    await say(10, "hello", press=True)
    await say(100, "@this_bot hello")
    assert (flood.passed, flood.words) == (130, 1)
    await say(100, "hello", press=True)
    assert (flood.passed, flood.words) == (130, 1)


async def test_photos_that_a_group_asks_about_count_as_its_messages_and_once() -> None:
    flood, bot = Flood(), FakeBot()
    for number in range(100):
        sender = TelegramUser(id=100 + number, is_bot=False, first_name="x")
        message = Message(
            message_id=number,
            date=datetime.now(UTC),
            chat=Chat(id=-5, type="supergroup"),
            from_user=sender,
            caption="@this_bot",
            caption_entities=[MessageEntity(type="mention", offset=0, length=9)],
            photo=[PhotoSize(file_id="f", file_unique_id="u", width=1, height=1)],
        ).as_(bot)  # type: ignore[arg-type]
        assert flood.throttling.admits(message) == (number < 30)
        data = {"event_from_user": sender, "event_chat": message.chat, "bot": bot}
        await flood.throttling(flood._handle, Update(update_id=1, message=message), data)
    assert (flood.passed, flood.words) == (30, 1)
    assert flood.throttling._turned_away == set()


async def test_what_nobody_has_sent_goes_no_further() -> None:
    flood = Flood()
    assert await flood.throttling(flood._handle, Update(update_id=1), {}) is None
    assert flood.passed == 0

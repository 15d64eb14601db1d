"""One person can make the bot talk only so fast."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from typing import Any

from aiogram import Bot
from aiogram.client.session.base import BaseSession
from aiogram.methods import SendMessage, TelegramMethod
from aiogram.types import Chat, Message, PhotoSize, Update
from aiogram.types import User as TelegramUser

from bot.middlewares.throttling import REFILL_SECONDS, Throttling
from bot.ui.i18n import load_i18n


class Telegram(BaseSession):
    """Counts the messages that the bot sends."""

    def __init__(self) -> None:
        super().__init__()
        self.messages = 0

    async def make_request(self, bot: Bot, method: TelegramMethod[Any], **kwargs: object) -> Any:
        assert isinstance(method, SendMessage)
        self.messages += 1

    def stream_content(self, *args: object, **kwargs: object) -> AsyncGenerator[bytes, None]:
        raise NotImplementedError

    async def close(self) -> None:
        pass


def update(bot: Bot, text: str | None) -> Update:
    """A text, or without one a photo."""
    photo = None if text else [PhotoSize(file_id="f", file_unique_id="u", width=1, height=1)]
    sender = TelegramUser(id=1, is_bot=False, first_name="x")
    message = Message(
        message_id=1, date=datetime.now(UTC), chat=Chat(id=1, type="private"), from_user=sender, text=text, photo=photo
    )
    return Update(update_id=1, message=message.as_(bot))


async def test_a_flood_of_messages_is_answered_up_to_the_limit() -> None:
    now, passed, telegram = 0.0, 0, Telegram()
    bot = Bot("1:token", session=telegram)

    async def handler(event: object, data: object) -> None:
        nonlocal passed
        passed += 1

    throttling = Throttling(burst=30, clock=lambda: now)

    async def send(times: int, text: str | None = "hello") -> None:
        for _ in range(times):
            event = update(bot, text)
            assert event.message is not None
            with load_i18n().context():
                await throttling(handler, event, {"event_from_user": event.message.from_user})

    await send(40)
    assert (passed, telegram.messages) == (30, 1)
    await send(5, None)
    assert passed == 35, "photos have a limit of their own"
    now = REFILL_SECONDS / 10
    await send(5)
    assert (passed, telegram.messages) == (38, 2)

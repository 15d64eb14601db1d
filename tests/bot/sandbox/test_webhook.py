"""The sandbox delivers by webhook as Telegram does."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest, TelegramConflictError
from aiohttp import web

from bot.sandbox.client import Person
from bot.sandbox.webhook import SECRET_HEADER


class Receiver:
    """A webhook; `statuses` are its next answers, then 200."""

    def __init__(self) -> None:
        self.url = ""
        self.statuses: list[int] = []
        self.got: asyncio.Queue[tuple[str, dict[str, Any]]] = asyncio.Queue()

    async def receive(self, request: web.Request) -> web.Response:
        await self.got.put((request.headers.get(SECRET_HEADER, ""), await request.json()))
        return web.Response(status=self.statuses.pop(0) if self.statuses else 200)


@pytest_asyncio.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    application = web.Application()
    application.router.add_post("/hook", receiver.receive)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield receiver
    await runner.cleanup()


async def test_what_waits_and_what_comes_is_delivered_with_the_secret(
    bot: Bot, emma: Person, receiver: Receiver
) -> None:
    await emma.write("before")
    await bot.set_webhook(receiver.url, secret_token="a-secret", allowed_updates=["message"])
    secret, update = await receiver.got.get()
    assert (secret, update["message"]["text"]) == ("a-secret", "before")
    await emma.write("after")
    assert (await receiver.got.get())[1]["message"]["text"] == "after"
    assert (await bot.get_webhook_info()).url == receiver.url


async def test_an_update_comes_again_until_it_is_answered_with_200(bot: Bot, emma: Person, receiver: Receiver) -> None:
    receiver.statuses = [503, 500]
    await bot.set_webhook(receiver.url)
    await emma.write("hello")
    numbers = [(await receiver.got.get())[1]["update_id"] for _ in range(3)]
    assert len(set(numbers)) == 1
    assert "500" in str((await bot.get_webhook_info()).last_error_message)
    await bot.delete_webhook()
    assert await bot.get_updates() == []


async def test_polling_and_a_webhook_exclude_each_other(bot: Bot, emma: Person, receiver: Receiver) -> None:
    await bot.set_webhook(receiver.url)
    with pytest.raises(TelegramConflictError, match="can't use getUpdates method while webhook is active"):
        await bot.get_updates()
    await bot.delete_webhook()
    await emma.write("for the poller")
    assert [each.message.text for each in await bot.get_updates() if each.message] == ["for the poller"]
    assert receiver.got.empty()


@pytest.mark.parametrize("url", ["https://example.com/hook", "http://192.0.2.1/hook", "http:///hook", "nonsense"])
async def test_nothing_leaves_this_machine(bot: Bot, url: str) -> None:
    with pytest.raises(TelegramBadRequest, match="this machine only"):
        await bot.set_webhook(url)
    assert (await bot.get_webhook_info()).url == ""

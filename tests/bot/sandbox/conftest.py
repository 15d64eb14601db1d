"""A sandbox on a free port, and aiogram's own client as the bot."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiohttp import ClientSession

from bot.sandbox import Sandbox
from bot.sandbox.client import Person
from tests.bot.sandbox.playing import DOT, EMMA, IVAN, PEOPLE


@pytest_asyncio.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(name="Echo", username="echo_bot", people=PEOPLE, samples={"A dot": lambda: DOT}) as sandbox:
        yield sandbox


@pytest_asyncio.fixture
async def http() -> AsyncIterator[ClientSession]:
    async with ClientSession() as session:
        yield session


@pytest_asyncio.fixture
async def bot(sandbox: Sandbox) -> AsyncIterator[Bot]:
    session = AiohttpSession(api=TelegramAPIServer.from_base(sandbox.base_url))
    yield Bot(sandbox.token, session=session)
    await session.close()


@pytest_asyncio.fixture
async def emma(sandbox: Sandbox, http: ClientSession) -> Person:
    """Somebody who has written to the bot, and whose message the bot has seen."""
    person = Person(http, sandbox.base_url, EMMA, "Emma", "en")
    await person.write("hello")
    sandbox.world.updates.drop_pending()
    return person


@pytest.fixture
def ivan(sandbox: Sandbox, http: ClientSession) -> Person:
    """Somebody who has never written."""
    return Person(http, sandbox.base_url, IVAN, "Иван", "ru")

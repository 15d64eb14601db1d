"""One sandbox and one bot process for all tests that do not kill them; a new person for each test."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import ClientSession
from playwright.async_api import Browser, async_playwright

from benchmarks.load.processes import BotProcess
from tests.e2e.browsing import ARGUMENTS, CHROMIUM
from tests.e2e.playing import QUICK_BOT, Person
from tests.e2e.sandboxes import sandbox_thread

Acquaint = Callable[..., Awaitable[Person]]

USER_IDS = count(500_001)


@pytest.fixture(scope="session")
def api_url(compiled_translations: None) -> Iterator[str]:
    """The sandbox that most tests share."""
    with sandbox_thread() as url:
        yield url


@pytest.fixture
def own_api_url(compiled_translations: None) -> Iterator[str]:
    """A sandbox for one test."""
    with sandbox_thread() as url:
        yield url


@pytest.fixture(scope="session")
def running_bot(api_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BotProcess]:
    """The bot that most tests share."""
    bot = BotProcess(api_url, tmp_path_factory.mktemp("bot"), module=QUICK_BOT)
    bot.start()
    yield bot
    status = bot.stop()
    assert status == 0, bot.log.read_text()


@pytest_asyncio.fixture
async def http() -> AsyncIterator[ClientSession]:
    async with ClientSession() as session:
        yield session


@pytest_asyncio.fixture
async def newcomer(running_bot: BotProcess, http: ClientSession) -> Person:
    """An English speaker who has never written to the bot."""
    return await Person(http, running_bot.api_url, next(USER_IDS), "Emma", "en").join()


@pytest_asyncio.fixture
async def person(newcomer: Person) -> Person:
    """An English speaker who has agreed to the terms."""
    await newcomer.agree()
    return newcomer


@pytest_asyncio.fixture
async def ivan(running_bot: BotProcess, http: ClientSession) -> Person:
    """A Russian speaker who has agreed to the terms."""
    person = await Person(http, running_bot.api_url, next(USER_IDS), "Иван", "ru").join()
    await person.agree()
    return person


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The data folder of a bot for one test."""
    path = tmp_path / "bot"
    path.mkdir()
    return path


@pytest_asyncio.fixture
async def browser() -> AsyncIterator[Browser]:
    if not CHROMIUM.exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{CHROMIUM} is missing: CI must install Debian's chromium")
        pytest.skip(f"no {CHROMIUM}: install Debian's chromium to drive the chat page")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        await browser.close()

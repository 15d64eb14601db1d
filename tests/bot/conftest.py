"""A separate stage, or parts of one, for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.demo import demo_sandbox
from bot.photos.inbox import Inbox
from bot.sandbox import Sandbox
from bot.telegram.client import RetryingBot, connect, open_session
from storage.database import Database
from tests.bot.stage import Stage, open_stage, open_test_database


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """The bot's handlers against a sandbox, with an empty database and an engine that has not been started."""
    async with open_stage(tmp_path) as stage:
        yield stage


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """A sandbox to which no bot is connected."""
    async with demo_sandbox(1) as sandbox:
        yield sandbox


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """An empty database, `bot.db` in the test's folder."""
    async with open_test_database(tmp_path) as database:
        yield database


@pytest.fixture
async def bot(sandbox: Sandbox, database: Database) -> AsyncIterator[RetryingBot]:
    """A bot that records photos and handles no updates."""
    async with open_session(sandbox.base_url) as session:
        session.middleware(Inbox(database))
        yield connect(sandbox.token, session)

"""A stage of its own for each test that asks for one."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.bot.stage import Stage, open_stage


@pytest.fixture
async def stage(compiled_translations: None, tmp_path: Path) -> AsyncIterator[Stage]:
    """The bot's handlers against a sandbox, with an empty database and an engine that has not been started."""
    async with open_stage(tmp_path) as stage:
        yield stage

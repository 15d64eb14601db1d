"""What tests of announcements wait for and look up."""

import asyncio

from storage.audit import Action
from tests.bot.stage import Stage


async def finish(stage: Stage) -> None:
    """Wait until no broadcast is running."""
    async with asyncio.timeout(20):
        while await stage.database.broadcasts.running():
            pass


async def actions(stage: Stage) -> list[Action]:
    """The kinds of entry in the audit log, the oldest first."""
    entries, _total = await stage.database.staff.audit_page(0, 10)
    return [each.action for each in reversed(entries)]

"""Files from Telegram: fetched, too large, or no longer there."""

import pytest

from bot.sandbox import Sandbox
from bot.sandbox.faults import Fault
from bot.sandbox.people import People
from bot.telegram.client import RetryingBot
from bot.telegram.files import MAX_DOWNLOAD_BYTES, FileExpired, FileTooLarge, fetch_file
from tests.bot.stage import EMMA


async def test_a_file_that_cannot_be_had_is_no_broken_connection(sandbox: Sandbox, bot: RetryingBot) -> None:
    people = People(sandbox.world)
    sent = people.send_document(EMMA, b"content", "x.png", "image/png", None)
    large = people.send_document(EMMA, bytes(MAX_DOWNLOAD_BYTES + 1), "x.png", "image/png", None)
    assert sent.document is not None and large.document is not None
    sandbox.world.faults.faults.append(Fault(kind="drop", method="download"))
    assert await fetch_file(bot, sent.document.file_id) == b"content"
    sandbox.world.faults.faults.append(Fault(kind="file_expired", method="download"))
    with pytest.raises(FileExpired):
        await fetch_file(bot, sent.document.file_id)
    with pytest.raises(FileExpired):
        await fetch_file(bot, "nothing")
    with pytest.raises(FileTooLarge):
        await fetch_file(bot, large.document.file_id)

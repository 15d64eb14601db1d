"""`python -m bot` with no token: bot and sandbox in one process, as a newcomer starts it."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aiohttp import ClientSession

from benchmarks.load.processes import environment
from bot.samples import sample
from bot.sandbox.client import words
from tests.e2e.playing import Person


@contextmanager
def started(folder: Path) -> Iterator[str]:
    """The bot, started; gives the address of its chat page."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bot"],
        env=environment(SANDBOX_PORT="0", DATA_DIR=str(folder)),
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        page = next(found for line in process.stdout if (found := re.search(r"http://127\.0\.0\.1:\d+/", line)))
        yield page[0]
    finally:
        process.terminate()
        process.communicate(timeout=30)
    assert process.returncode == 0


async def test_the_chat_page_is_printed_and_a_photo_answered_also_after_a_restart(
    folder: Path, http: ClientSession
) -> None:
    for attempt in range(2):
        with started(folder) as page:
            async with http.get(page) as response:
                assert response.content_type == "text/html"
            emma = Person(http, page.rstrip("/"), 1001, "Emma", "en")
            if attempt == 0:
                await emma.agree()
            await emma.send_photos(sample("mole"))
            assert "Cancer/pre-cancer" in words(await emma.answered())
            # The bot remembers what it told before, though the sandbox has forgotten the photos.
            await emma.write("/history")
            assert words(await emma.answer()).count("%") == attempt + 1


async def test_the_sandbox_has_an_administrator(folder: Path, http: ClientSession) -> None:
    with started(folder) as page:
        admin = Person(http, page.rstrip("/"), 1, "Admin", "en")
        await admin.write("/stats")
        assert "The last 28 days" in words(await admin.answer())

"""A broadcast from the real bot process: through `kill -9`, and beside photos."""

import os
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import ClientSession
from cryptography.fernet import Fernet

from benchmarks.load.processes import ADMIN_ID, TOKEN, BotProcess
from bot.samples import sample
from bot.sandbox.client import Message, words
from inference.registry.file import RegistryFile
from inference.registry.registry import DEFAULT_WEIGHTS
from inference.registry.schema import Entry
from storage import Database
from tests.e2e.playing import QUICK_BOT, Person

READERS = 100
NEWS = "Version 2 is better at telling moles."
KEY = Fernet.generate_key().decode()


@pytest.fixture
def bot(own_api_url: str, folder: Path) -> Iterator[BotProcess]:
    """A bot of the test's own, not started yet."""
    bot = BotProcess(own_api_url, folder, {"DATA_KEY": KEY}, QUICK_BOT)
    yield bot
    if bot.process is not None:
        bot.stop()


@pytest_asyncio.fixture
async def admin(bot: BotProcess, http: ClientSession) -> Person:
    return await Person(http, bot.api_url, ADMIN_ID, "Admin", "en").join()


@pytest_asyncio.fixture
async def readers(bot: BotProcess, http: ClientSession) -> list[Person]:
    """People who have used the bot before; what they wrote then is answered."""
    database = await Database.open(f"sqlite+aiosqlite:///{bot.folder / 'bot.db'}", KEY.encode())
    readers = [Person(http, bot.api_url, 30_001 + number, "Reader", "en") for number in range(READERS)]
    for reader in readers:
        await reader.join()
        await reader.write("hello")
        await database.users.seen(reader.id, "en")
        await database.users.consent(reader.id)
    await database.close()
    forget = f"{bot.api_url}/bot{TOKEN}/deleteWebhook"
    async with http.post(forget, json={"drop_pending_updates": True}) as response:
        assert response.status == 200
    return readers


async def announce(admin: Person) -> int:
    """Everything from /broadcast to the last button; returns the number of the message that tells the progress."""
    await admin.write("/broadcast")
    await admin.answer(lambda message: "Send me the announcement" in words(message))
    await admin.write(NEWS)
    asked = await admin.answer(lambda message: "Now the announcement in this language" in words(message))
    await admin.click(asked, "The same for everybody")
    question = await admin.answer(lambda message: f"Recipients: {READERS}" in words(message))
    await admin.click(question, "Send it")
    return int(question["message_id"])


async def deliveries(http: ClientSession, api_url: str, at_least: int) -> Counter[int]:
    """How often the announcement has reached each chat, once it has reached so many."""
    version, reached = -1, Counter[int]()
    while reached.total() < at_least:
        query = f"method=sendMessage&beyond={version}&wait=30"
        async with http.get(f"{api_url}/sim/calls?{query}") as response:
            answer: dict[str, Any] = await response.json()
        version = answer["version"]
        calls = (call for call in answer["calls"] if call["ok"] and call["chat_id"] != ADMIN_ID)
        reached = Counter(call["chat_id"] for call in calls if call["params"]["text"] == NEWS)
    return reached


@pytest.mark.usefixtures("readers")
# The bot starts several times, with its networks.
@pytest.mark.timeout(300)
async def test_after_kills_it_goes_on_and_nobody_gets_it_twice(
    bot: BotProcess, admin: Person, http: ClientSession
) -> None:
    bot.start()
    question = await announce(admin)
    for reached_before_kill in (20, 55):
        await deliveries(http, bot.api_url, reached_before_kill)
        bot.kill()
        bot.start()

    def summary(chat: dict[str, Any]) -> list[str] | None:
        told = [words(each) for each in chat["messages"] if each["message_id"] == question]
        return told[0].splitlines() if "is sent." in told[0] else None

    _title, received, *others = await admin.wait(summary)
    reached = await deliveries(http, bot.api_url, 1)
    assert max(reached.values()) == 1
    certain = int(received.removeprefix("Received: ").removesuffix(f" of {READERS}"))
    uncertain = sum(int(line.removeprefix("Uncertain, not repeated: ")) for line in others)
    # Whom a kill caught between the call and its answer is counted as uncertain, whether it came or not.
    assert certain + uncertain == READERS
    assert certain <= len(reached) <= READERS and uncertain <= 20


async def test_photos_are_answered_while_it_runs_and_a_stop_does_not_wait_for_it(
    bot: BotProcess, admin: Person, readers: list[Person]
) -> None:
    bot.start()
    await readers[50].faults({"kind": "429", "method": "sendMessage", "retry_after": 600})
    question = await announce(admin)
    await readers[0].answer(lambda message: words(message) == NEWS)
    await readers[0].send_photos(sample("mole"))
    reply = await readers[0].answer(lambda message: "reply_to_message" in message)
    assert words(reply)

    def under_way(chat: dict[str, Any]) -> bool | None:
        told = next(words(each) for each in chat["messages"] if each["message_id"] == question)
        assert "is sent" not in told
        return told.startswith("📣 Sending:") or None

    assert await admin.wait(under_way)
    assert bot.stop() == 0


@pytest_asyncio.fixture
async def shared_admin(running_bot: BotProcess, http: ClientSession) -> AsyncIterator[Person]:
    yield await Person(http, running_bot.api_url, ADMIN_ID, "Admin", "en").join()


async def test_the_served_models_are_shown_with_their_figures(shared_admin: Person) -> None:
    sent = await shared_admin.write("/models")
    listed = await shared_admin.answer(lambda message: message["message_id"] > sent["message_id"])
    release = RegistryFile.load(Path(os.environ.get("WEIGHTS_DIR") or DEFAULT_WEIGHTS))
    entries: list[Entry] = [release.served_classifier, release.served_segmenter, release.served_gate]

    def now(transcript: dict[str, Any], part: str) -> Message | None:
        found: Message = next(each for each in transcript["messages"] if each["message_id"] == listed["message_id"])
        return found if part in words(found) else None

    for number, entry in enumerate(entries):
        assert entry.metrics and f"{entry.name} {entry.version}" in words(listed)
        await shared_admin.click(listed, number)
        card = await shared_admin.wait(partial(now, part=entry.licence))
        for figures in entry.metrics.values():
            for estimate, lower, upper in figures.values():
                assert f": {estimate:.3f} ({lower:.3f}–{upper:.3f})" in words(card)
        await shared_admin.click(card, "Back")
        listed = await shared_admin.wait(partial(now, part="Models that serve"))

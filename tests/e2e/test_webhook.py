"""The bot behind a webhook: the main road, and a kill in the middle of it."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import ClientSession

from benchmarks.load.chats import is_progress
from benchmarks.load.ports import free_port
from benchmarks.load.processes import BotProcess
from bot.samples import sample
from bot.sandbox.client import words
from tests.e2e.playing import QUICK_BOT, Person
from tests.e2e.test_starting import UNKNOWN

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def own_bot(own_api_url: str, folder: Path) -> Iterator[BotProcess]:
    port = free_port()
    settings = {
        "WEBHOOK_URL": f"http://127.0.0.1:{port}/telegram",
        "WEBHOOK_SECRET": "a-secret-of-sixteen-or-more",
        "WEBHOOK_PORT": str(port),
        "WEBHOOK_SOURCES": "127.0.0.1",
    }
    bot = BotProcess(own_api_url, folder, settings, QUICK_BOT)
    bot.start()
    yield bot
    bot.stop()


async def test_the_main_road_by_webhook(own_bot: BotProcess, http: ClientSession) -> None:
    person = await Person(http, own_bot.api_url, 71, "Emma", "en").join()
    await person.agree()
    album = await person.send_photos(sample("mole"), sample("uneven"))
    first = await person.answer(lambda message: "photo" in message)
    assert first["reply_to_message"]["message_id"] == album[0]["message_id"]
    await person.answer(lambda message: "Photo 2" in words(message) and "text" in message)
    await person.write("/history")
    assert "2. " in words(await person.answer(lambda message: "Your results" in words(message)))
    assert await person.calls("getUpdates") == []
    assert own_bot.stop() == 0
    # Telegram keeps what is sent meanwhile, and knows the address still.
    await person.write("/help")
    own_bot.start()
    assert "A good photo" in words(await person.answer())


async def test_a_kill_in_the_middle_loses_nothing_that_was_sent_by_webhook(
    own_bot: BotProcess, http: ClientSession
) -> None:
    person = await Person(http, own_bot.api_url, 72, "Emma", "en").join()
    await person.agree()
    # Long enough for the kill to come before the first answer.
    await person.faults({"kind": "slow", "method": "getFile", "chat_id": None, "seconds": 5.0, "times": 6})
    sent = [(await person.send_photos(sample("mole")))[0]["message_id"] for _ in range(6)]
    await person.wait(lambda chat: True if any(map(is_progress, chat["messages"])) else None)
    own_bot.kill()
    sent.append((await person.send_photos(sample("uneven")))[0]["message_id"])
    own_bot.start()

    def replies(chat: dict[str, list[dict[str, object]]]) -> list[int] | None:
        said = [each for each in chat["messages"] if each["from"]["is_bot"] and not is_progress(each)]  # type: ignore[index]
        found = [each["reply_to_message"]["message_id"] for each in said if "reply_to_message" in each]  # type: ignore[index]
        return found if set(found) >= set(sent) else None

    answered = await person.wait(replies)
    assert sorted(answered) == sorted(sent)


async def test_a_token_that_is_revoked_ends_the_bot_behind_a_webhook(own_bot: BotProcess, http: ClientSession) -> None:
    person = await Person(http, own_bot.api_url, 93, "Emma", "en").join()
    await person.write("/start")
    await person.answer()
    await person.faults({"kind": "401", "method": "getWebhookInfo", "chat_id": None, "times": 1000})
    assert own_bot.process is not None
    assert await asyncio.to_thread(own_bot.process.wait, 120) == 2
    assert own_bot.log.read_text().splitlines()[-1] == UNKNOWN

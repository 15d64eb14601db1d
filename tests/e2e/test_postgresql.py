"""The main road of the bot, with PostgreSQL in place of SQLite."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import ClientSession
from cryptography.fernet import Fernet

from benchmarks.load.chats import is_progress
from benchmarks.load.processes import BotProcess
from benchmarks.load.servers import Server
from bot.samples import sample
from bot.sandbox.client import words
from tests.e2e.playing import Person
from tests.storage.servers import any_server, server

__all__ = ["any_server", "server"]

# A database server and two bots are started, on a machine that may be busy.
pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def own_bot(own_api_url: str, folder: Path, server: Server) -> Iterator[BotProcess]:
    settings = {"DATABASE_URL": server.new_database().render_as_string(), "DATA_KEY": Fernet.generate_key().decode()}
    bot = BotProcess(own_api_url, folder, settings)
    bot.start()
    yield bot
    bot.stop()


async def test_photo_answer_history_and_a_restart_on_postgresql(own_bot: BotProcess, http: ClientSession) -> None:
    person = await Person(http, own_bot.api_url, 61, "Emma", "en").join()
    await person.agree()
    [sent] = await person.send_photos(sample("mole"))
    answer = await person.answered()
    assert "photo" in answer and answer["reply_to_message"]["message_id"] == sent["message_id"]
    assert own_bot.stop() == 0
    assert not (own_bot.folder / "bot.db").exists()
    own_bot.start()
    await person.write("/history")
    assert "Your results" in words(await person.answer())
    await person.click(answer, "Why?")
    assert "photo" in await person.answer(lambda message: "Why this answer" in words(message))


async def test_after_a_kill_a_photo_is_answered_once_on_postgresql(own_bot: BotProcess, http: ClientSession) -> None:
    person = await Person(http, own_bot.api_url, 62, "Emma", "en").join()
    await person.agree()
    # Long enough for the progress message to be seen.
    await person.faults({"kind": "slow", "method": "getFile", "chat_id": None, "seconds": 5.0})
    [sent] = await person.send_photos(sample("uneven"))
    await person.wait(lambda chat: True if any(map(is_progress, chat["messages"])) else None)
    own_bot.kill()
    # The server gives the lock of a bot that was killed to the next one.
    own_bot.start()
    await person.answer(lambda message: "photo" in message)
    await person.write("/help")
    await person.answer()
    replies = [each for each in (await person.transcript())["messages"] if each["from"]["is_bot"] and "photo" in each]
    assert [each["reply_to_message"]["message_id"] for each in replies] == [sent["message_id"]]

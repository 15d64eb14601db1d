"""The real start, and an end caused by Telegram: exit status and one line, never a traceback."""

import asyncio
from pathlib import Path

from aiohttp import ClientSession

from benchmarks.load.processes import BotProcess
from bot.health import SIGN_OF_LIFE
from tests.e2e.playing import Person

UNKNOWN = "BOT_TOKEN: Telegram does not know it; get one from @BotFather"


def test_a_token_that_telegram_does_not_know_stops_the_start_with_one_line(api_url: str, folder: Path) -> None:
    bot = BotProcess(api_url, folder, {"BOT_TOKEN": "7000000002:well-formed-and-unknown", "LOG_LEVEL": "ERROR"})
    bot.start()
    assert bot.process is not None
    assert bot.process.wait(timeout=60) == 2
    assert bot.log.read_text().splitlines() == [UNKNOWN]


async def test_a_token_that_is_revoked_ends_the_bot_whatever_its_data_dir_is_called(
    own_api_url: str, tmp_path: Path, folder: Path, http: ClientSession
) -> None:
    data = tmp_path / "a?b #c %41"
    bot = BotProcess(own_api_url, folder, {"LOG_LEVEL": "ERROR", "DATA_DIR": str(data)})
    bot.start()
    person = await Person(http, own_api_url, 51, "Emma", "en").join()
    await person.write("/start")
    await person.answer()
    assert {"bot.db", "data.key", SIGN_OF_LIFE} <= {each.name for each in data.iterdir()}
    assert [each.name for each in folder.iterdir()] == ["bot.log"]
    await person.faults({"kind": "401", "method": "getUpdates", "chat_id": None, "times": 1000})
    # The call that is under way ends with this.
    await person.write("/help")
    assert bot.process is not None
    assert await asyncio.to_thread(bot.process.wait, 60) == 2
    assert bot.log.read_text().splitlines() == [UNKNOWN]

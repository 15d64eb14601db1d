"""What the bot meets outside: a full disk, a Bot API server that gives paths, updates that cannot be parsed."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from benchmarks.load.processes import BotProcess
from bot.samples import sample
from bot.sandbox.client import Message, words
from tests.e2e.playing import QUICK_BOT, Person
from tests.e2e.sandboxes import sandbox_thread

if sys.platform == "linux":
    import resource

SECRET = "what-no-log-may-hold"
# Telegram documents `sender_user_name` as given always. It was not, and aiogram can parse no update without it.
NAMELESS = {"type": "hidden_user", "date": 1422450181}


@pytest.fixture
def own_bot(own_api_url: str, folder: Path) -> Iterator[BotProcess]:
    bot = BotProcess(own_api_url, folder, module=QUICK_BOT)
    bot.start()
    yield bot
    bot.stop()


@contextmanager
def full_disk(bot: BotProcess) -> Iterator[None]:
    """Every write of the bot to a file fails meanwhile, as on a disk without room."""
    assert bot.process is not None
    before = resource.prlimit(bot.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(bot.process.pid, resource.RLIMIT_FSIZE, (1, before[1]))
    try:
        yield
    finally:
        resource.prlimit(bot.process.pid, resource.RLIMIT_FSIZE, before)


def replies(chat: dict[str, Any], number: int) -> list[Message]:
    """What the bot has said in reply to a message."""
    bots = [each for each in chat["messages"] if each["from"]["is_bot"]]
    return [each for each in bots if each.get("reply_to_message", {}).get("message_id") == number]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the writes of another process")
async def test_on_a_full_disk_help_is_answered_and_what_has_to_be_written_comes_later(
    own_bot: BotProcess, http: ClientSession
) -> None:
    emma = await Person(http, own_bot.api_url, 41, "Emma", "en").join()
    newcomer = await Person(http, own_bot.api_url, 42, "Olga", "en").join()
    await emma.agree()
    with full_disk(own_bot):
        (photo,) = await emma.send_photos(sample("mole"))
        await emma.answer(lambda message: "Your photo is not lost" in words(message))
        for person in (emma, newcomer, emma):
            await person.write("/help")
            await person.answer(lambda message: "What the answer means" in words(message))
        await newcomer.write("/start")
        await newcomer.answer(lambda message: "Please try again" in words(message))
        assert [each for each in replies(await emma.transcript(), photo["message_id"]) if "photo" in each] == []
    await emma.answered(lambda message: "photo" in message)
    await newcomer.agree()
    await emma.write("/history")
    await emma.answer(lambda message: "Your results" in words(message))
    answers = replies(await emma.transcript(), photo["message_id"])
    assert len([each for each in answers if "photo" in each]) == 1


@pytest.mark.timeout(300)
async def test_with_a_server_in_local_mode_photos_files_and_explanations_come_from_its_folder(
    compiled_translations: None, tmp_path: Path, folder: Path, http: ClientSession
) -> None:
    files = tmp_path / "server"
    files.mkdir()
    with sandbox_thread(files) as url:
        bot = BotProcess(url, folder, {"TELEGRAM_LOCAL_DIR": str(files)}, QUICK_BOT)
        bot.start()
        try:
            emma = await Person(http, url, 41, "Emma", "en").join()
            await emma.agree()
            await emma.send_photos(sample("mole"))
            reply = await emma.answered(lambda message: "photo" in message)
            await emma.click(reply, "Why?")
            await emma.answer(lambda message: "What the spot looks like" in words(message))
            await emma.send_document(sample("uneven"), "spot.jpg", "image/jpeg")
            await emma.answered(lambda message: "photo" in message)
            assert any(each.is_file() for each in files.rglob("*"))
        finally:
            assert bot.stop() == 0


@pytest.mark.timeout(300)
async def test_a_forward_from_somebody_without_a_name_stops_nobody_after_a_restart_neither(
    own_bot: BotProcess, http: ClientSession
) -> None:
    emma = await Person(http, own_bot.api_url, 41, "Emma", "en").join()
    stranger = await Person(http, own_bot.api_url, 42, SECRET, "en").join()
    await emma.agree()
    await stranger.agree()
    (sent,) = await stranger.send_photos(sample("mole"))
    await stranger.answered(lambda message: "photo" in message)
    told = {"date": sent["date"], "chat": sent["chat"], "from": sent["from"], "forward_origin": NAMELESS}
    await stranger.post("/sim/updates", {"message": {**told, "message_id": 5000, "text": SECRET}})
    await emma.send_photos(sample("mole"))
    await emma.answered(lambda message: "photo" in message)
    assert own_bot.stop() == 0
    await stranger.post("/sim/updates", {"message": {**told, "message_id": 5001, "text": SECRET}})
    own_bot.start()
    await emma.write("/help")
    await emma.answer(lambda message: "What the answer means" in words(message))
    # The photo in such an update is found and answered.
    before = len([each for each in await stranger.messages() if each["from"]["is_bot"] and "photo" in each])
    (other,) = await stranger.send_photos(sample("uneven"))
    await stranger.answered(lambda message: "photo" in message)
    forwarded = {**told, "message_id": 5002, "photo": other["photo"], "caption": SECRET}
    await stranger.post("/sim/updates", {"message": forwarded})
    await stranger.answered(lambda message: "photo" in message)
    after = [each for each in await stranger.messages() if each["from"]["is_bot"] and "photo" in each]
    assert len(after) == before + 2
    log = own_bot.log.read_text(encoding="utf-8")
    assert "cannot be parsed" in log
    assert SECRET not in log
    assert "Traceback" not in log

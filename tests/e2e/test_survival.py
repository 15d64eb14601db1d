"""The bot survives many photos, kills, stops, and failures of Telegram."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import ClientSession

from benchmarks.load.chats import Chats, is_progress
from benchmarks.load.crowd import Crowd
from benchmarks.load.processes import TOKEN, BotProcess
from benchmarks.load.report import faults
from bot.samples import sample
from bot.sandbox.client import words
from tests.e2e.playing import QUICK_BOT, Person
from tests.locks import write_lock


@pytest.fixture
def own_bot(own_api_url: str, folder: Path) -> Iterator[BotProcess]:
    """A bot that a test may kill and start again."""
    bot = BotProcess(own_api_url, folder, module=QUICK_BOT)
    bot.start()
    yield bot
    bot.stop()


@pytest.mark.alone
async def test_help_is_answered_within_200_ms_while_photos_are_analysed(person: Person, ivan: Person) -> None:
    await ivan.write("/help")
    await ivan.answer()
    await asyncio.gather(*(person.send_photos(*[sample("uneven")] * 10) for _ in range(3)))
    await person.wait(lambda chat: True if any(map(is_progress, chat["messages"])) else None)
    took = []
    for _ in range(5):
        began = time.perf_counter()
        await ivan.write("/help")
        await ivan.answer()
        took.append(time.perf_counter() - began)
    waiting = (await person.transcript())["messages"]
    assert any(map(is_progress, waiting)), "the photos were read before /help was asked for"
    assert max(took) < 0.2, took
    for _ in range(3):
        await person.answer(lambda message: "Photo 10" in words(message) and "text" in message)


async def test_after_a_kill_every_photo_is_answered_and_none_twice(own_bot: BotProcess, http: ClientSession) -> None:
    person = await Person(http, own_bot.api_url, 41, "Emma", "en").join()
    await person.agree()
    first = (await person.send_photos(sample("mole")))[0]["message_id"]
    await person.answered()
    album = [message["message_id"] for message in await person.send_photos(*[sample("uneven")] * 8)]
    last = (await person.send_photos(sample("mole")))[0]["message_id"]
    # The first progress message means that the requests are recorded and under way.
    await person.wait(lambda chat: True if any(map(is_progress, chat["messages"])) else None)
    own_bot.kill()
    own_bot.start()

    def answered(chat: dict[str, object]) -> list[int] | None:
        messages = chat["messages"]
        assert isinstance(messages, list)
        replies = [m["reply_to_message"]["message_id"] for m in messages if m["from"]["is_bot"] and "photo" in m]
        return replies if set(replies) >= {first, album[0], last} else None

    replies = await person.wait(answered)
    assert replies.count(first) == 1
    assert replies.count(last) == 1
    assert replies.count(album[0]) == 8


async def test_a_kill_between_an_answer_and_its_note_does_not_double_it(
    own_bot: BotProcess, http: ClientSession
) -> None:
    person = await Person(http, own_bot.api_url, 48, "Emma", "en").join()
    await person.agree()
    await person.faults({"kind": "slow", "method": "sendMediaGroup", "seconds": 3.0})
    await person.send_photos(sample("mole"), sample("uneven"))
    async with asyncio.timeout(60):
        while not await person.calls("sendMediaGroup"):
            pass
    async with write_lock(own_bot.folder / "bot.db"):
        summary = await person.answer(lambda message: "Photo 2" in words(message) and "text" in message)
        own_bot.kill()
    own_bot.start()
    offer = await person.answer(lambda message: "I was restarted just as I answered" in words(message))
    await person.click(offer, "My results")
    listed = await person.answer(lambda message: "Your results" in words(message))
    assert "2. " in words(listed)
    messages = (await person.transcript())["messages"]
    said = [each for each in messages if each["from"]["is_bot"] and not is_progress(each)]
    assert sum("photo" in each for each in said) == 2
    assert [words(each) for each in said].count(words(summary)) == 1
    assert not any("I could not read" in words(each) for each in said)


async def test_a_photo_of_a_group_survives_a_kill_while_it_is_taken_over(
    own_bot: BotProcess, http: ClientSession
) -> None:
    person = await Person(http, own_bot.api_url, 49, "Emma", "en").join()
    await person.agree()
    group = await person.gather("Family")
    await person.faults({"kind": "slow", "method": "sendPhoto", "seconds": 60.0})
    await person.send_photos(sample("mole"), chat_id=group, caption="@sandbox_bot it bleeds")
    async with asyncio.timeout(60):
        while not await person.calls("sendPhoto"):
            pass
    own_bot.kill()
    own_bot.start()
    answer = await person.answered(lambda message: "You say: it bleeds" in words(message))
    assert answer["chat"]["id"] == person.id and "photo" in answer["reply_to_message"]
    said = [each for each in await person.messages(group) if each["from"]["is_bot"]]
    assert all("%" not in words(each) for each in said)


@pytest.mark.parametrize("in_reply", [False, True])
async def test_a_photo_of_a_group_survives_a_kill_before_its_message_is_handled(
    own_bot: BotProcess, http: ClientSession, in_reply: bool
) -> None:
    person = await Person(http, own_bot.api_url, 51, "Emma", "en").join()
    await person.agree()
    group = await person.gather("Family")
    # The handler asks first whether it may write to this person, and records nothing before.
    await person.faults({"kind": "slow", "method": "sendChatAction", "seconds": 60.0})
    caption = "it bleeds" if in_reply else "@sandbox_bot it bleeds"
    [photo] = await person.send_photos(sample("mole"), chat_id=group, caption=caption)
    if in_reply:
        await person.write("@sandbox_bot what is it?", chat_id=group, reply_to=photo["message_id"])
    async with asyncio.timeout(60):
        while not await person.calls("sendChatAction"):
            pass
        # Telegram will not bring the message again.
        while await unconfirmed(person):
            pass
    own_bot.kill()
    own_bot.start()
    answer = await person.answered(lambda message: "You say: it bleeds" in words(message))
    assert answer["chat"]["id"] == person.id and "photo" in answer["reply_to_message"]


async def unconfirmed(person: Person) -> int:
    """How many updates Telegram still keeps for the bot."""
    found = await person.get(f"/bot{TOKEN}/getWebhookInfo")
    return int(found["result"]["pending_update_count"])


async def test_after_a_kill_an_explanation_that_was_asked_for_is_given(
    own_bot: BotProcess, http: ClientSession
) -> None:
    person = await Person(http, own_bot.api_url, 47, "Emma", "en").join()
    await person.agree()
    await person.send_photos(sample("mole"))
    answer = await person.answered()
    await person.faults({"kind": "500", "method": "sendPhoto", "times": 3})
    await person.click(answer, "Why?")
    await person.wait(lambda chat: True if any("once more" in str(each) for each in chat["callback_answers"]) else None)
    own_bot.kill()
    own_bot.start()
    explained = await person.answer(lambda message: "Why this answer" in words(message))
    assert "photo" in explained


async def test_photos_sent_while_the_bot_is_down_are_answered_at_the_next_start(
    own_bot: BotProcess, http: ClientSession
) -> None:
    person = await Person(http, own_bot.api_url, 42, "Emma", "en").join()
    await person.agree()
    assert own_bot.stop() == 0
    sent = (await person.send_photos(sample("mole")))[0]["message_id"]
    own_bot.start()
    assert (await person.answer())["reply_to_message"]["message_id"] == sent


async def test_a_stop_lets_photos_finish_and_leaves_nothing_to_be_told_again(
    own_bot: BotProcess, http: ClientSession
) -> None:
    person = await Person(http, own_bot.api_url, 43, "Emma", "en").join()
    await person.agree()
    await person.write("/help")
    await person.answer()
    await person.send_photos(sample("mole"))
    await person.wait(lambda chat: True if any(map(is_progress, chat["messages"])) else None)
    assert await asyncio.to_thread(own_bot.stop) == 0
    assert "photo" in await person.answer()
    before = (await person.transcript())["messages"]
    own_bot.start()
    await person.write("/privacy")
    await person.answer()
    after = (await person.transcript())["messages"]
    assert len(after) == len(before) + 2
    assert not any(map(is_progress, after))


async def test_many_at_once_are_answered_in_fair_turn(running_bot: BotProcess, http: ClientSession) -> None:
    chats = Chats(http, running_bot.api_url)
    following = asyncio.create_task(chats.follow())
    await chats.ready.wait()
    crowd = Crowd(http, running_bot.api_url, chats, [sample("mole")], seed=1)
    greedy, *others = await crowd.gather(16)
    album = await crowd.send(greedy, 10)
    singles = await asyncio.gather(*map(crowd.send, others))
    await chats.answered([album, *singles], 100)
    following.cancel()
    assert faults([album, *singles]) == (0, 0)
    assert max(each.answered_at or 0 for each in singles) < (album.answered_at or 0)


async def test_a_stop_in_the_middle_and_a_killed_worker_lose_nothing_and_double_nothing(
    own_api_url: str, folder: Path, http: ClientSession
) -> None:
    bot = BotProcess(own_api_url, folder, {"STOP_SECONDS": "0"}, QUICK_BOT)
    bot.start()
    chats = Chats(http, own_api_url)
    following = asyncio.create_task(chats.follow())
    try:
        await chats.ready.wait()
        crowd = Crowd(http, own_api_url, chats, [sample("mole")], seed=1)
        people = await crowd.gather(4)
        sent = list(await asyncio.gather(*map(crowd.send, people, (1, 1, 1, 8))))
        await chats.answered(sent[:1], 60)
        assert await asyncio.to_thread(bot.stop) == 0
        assert sent[3].answered_at is None, "there was nothing left to be taken up"
        bot.start()
        await chats.answered(sent[:3], 60)
        for worker in bot.workers():
            worker.kill()
        await chats.answered(sent, 60)
        await crowd.ask(people[0], "/help")
        assert faults(sent) == (0, 0)
        for each in people:
            await Person(http, own_api_url, each.id, "Somebody", "en").undisturbed()
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        bot.stop()


@pytest.mark.parametrize("kind", ["429", "500", "drop"])
async def test_an_answer_outlasts_a_telegram_that_fails(person: Person, kind: str) -> None:
    await person.faults({"kind": kind, "method": "sendPhoto"}, {"kind": kind, "method": "sendMessage"})
    await person.send_photos(sample("mole"))
    assert "photo" in await person.answer()
    await person.write("/help")
    assert "A good photo" in words(await person.answer())


async def test_a_download_that_breaks_is_repeated(person: Person) -> None:
    await person.faults({"kind": "drop", "method": "download", "chat_id": None})
    await person.send_photos(sample("mole"))
    assert "photo" in await person.answer()


async def test_somebody_who_blocks_the_bot_harms_nobody(person: Person, ivan: Person) -> None:
    await person.faults({"kind": "403", "method": "sendPhoto"})
    await person.send_photos(sample("mole"))
    await ivan.send_photos(sample("mole"))
    assert "photo" in await ivan.answer()
    await person.write("/help")
    assert "A good photo" in words(await person.answer())


async def test_the_token_is_in_no_log(running_bot: BotProcess, person: Person) -> None:
    await person.faults(
        {"kind": "drop", "method": "download", "chat_id": None, "times": 2},
        {"kind": "file_expired", "method": "download", "chat_id": None},
        {"kind": "drop", "method": "getUpdates", "chat_id": None, "times": 2},
    )
    await person.send_photos(sample("mole"))
    await person.answer()
    log = running_bot.log.read_text()
    assert "DEBUG" in log
    assert TOKEN not in log
    assert TOKEN.partition(":")[2] not in log
    assert "probabilities" not in log
    assert "keratosis" not in log

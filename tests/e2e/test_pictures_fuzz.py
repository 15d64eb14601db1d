"""Damaged pictures of every kind go through the real bot, and others do not notice."""

import asyncio
import os
import random
from collections import Counter
from typing import Any

import psutil
from aiohttp import ClientSession

from benchmarks.load.chats import is_delay, is_hint, is_progress
from benchmarks.load.processes import BotProcess
from bot.samples import sample
from bot.sandbox.client import words
from tests.e2e.conftest import USER_IDS
from tests.e2e.playing import Person
from tests.inference.pictures import KINDS, damaged, encoded, skin

SEED = int(os.environ.get("FUZZ_SEED", "22"))
# Each batch has one picture of each kind.
BATCHES = int(os.environ.get("PICTURE_BATCHES", "4"))
SENDERS = 3
MOST_MEMORY = 1_000_000_000


def answers(chat: dict[str, Any], numbers: set[int]) -> Counter[int] | None:
    """How many answers each of these messages has, once all have one. A word about delay is no answer."""
    replies = [each for each in chat["messages"] if each["from"]["is_bot"] and "reply_to_message" in each]
    replied = [
        each["reply_to_message"]["message_id"]
        for each in replies
        if not (is_progress(each) or is_hint(each) or is_delay(each))
    ]
    counts = Counter(each for each in replied if each in numbers)
    return counts if counts.keys() == numbers else None


async def said(sender: Person, counts: Counter[int]) -> list[str]:
    """What was answered more than once."""
    twice = {number for number, count in counts.items() if count > 1}
    messages = (await sender.transcript())["messages"]
    return [words(each)[:60] for each in messages if each.get("reply_to_message", {}).get("message_id") in twice]


async def test_damaged_pictures_are_each_answered_once_and_hold_up_nobody(
    running_bot: BotProcess, person: Person, http: ClientSession
) -> None:
    logged = running_bot.log.stat().st_size
    chance = random.Random(SEED)
    originals = [(name, encoded(skin(320, 240), kind, **options)) for name, (kind, options) in KINDS.items()]
    senders = []
    for _ in range(SENDERS):
        sender = await Person(http, running_bot.api_url, next(USER_IDS), "Olga", "en").join()
        await sender.agree()
        senders.append(sender)
    for batch in range(BATCHES):
        # By turns, so that none of them sends more than one person may.
        sender = senders[batch % SENDERS]
        sent = [await sender.send_document(damaged(data, chance), name, "image/jpeg") for name, data in originals]
        (photo,) = await person.send_photos(sample("mole"))
        await person.answered(lambda message: "photo" in message)
        numbers = {each["message_id"] for each in sent}
        counts = await sender.wait(lambda chat, numbers=numbers: answers(chat, numbers))
        assert set(counts.values()) == {1}, f"batch {batch} of seed {SEED}: {await said(sender, counts)}"
        mine = answers(await person.transcript(), {photo["message_id"]})
        assert mine is not None and set(mine.values()) == {1}
    await asyncio.gather(*(each.undisturbed() for each in senders))
    assert running_bot.process is not None
    processes = [psutil.Process(running_bot.process.pid), *running_bot.workers()]
    assert max(each.memory_info().rss for each in processes) < MOST_MEMORY
    assert b"Traceback" not in running_bot.log.read_bytes()[logged:]

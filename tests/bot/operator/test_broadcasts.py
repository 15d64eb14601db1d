"""Broadcasts from "Send it" to the summary: who gets what, when, and how often, through kills and outages."""

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiogram.types import Message, MessageEntity
from pydantic import SecretStr

from bot.composition import compose
from bot.demo import demo_sandbox
from bot.operator.deliveries import CONCURRENT_DELIVERIES, ENTITIES
from bot.sandbox.faults import Fault
from bot.sandbox.flood import FloodLimits
from bot.settings import Settings
from bot.ui.i18n import load_i18n
from inference.engine.engine import Engine
from storage import Database, DeliveryState
from storage.audit import Action
from tests.bot.operator.announcing import actions, finish
from tests.bot.pools import IdlePool
from tests.bot.stage import ADMIN, EMMA, HASTY, Stage, open_stage
from tests.locks import write_lock


async def test_the_summary_says_how_deliveries_fail(stage: Stage) -> None:
    blocked, gone, answer_lost, opted_out = 2001, 2002, 2003, 2999
    await stage.audience(blocked, gone, answer_lost, *range(2004, 2030), opted_out)
    stage.sandbox.world.people[blocked].blocked = True
    del stage.sandbox.world.people[gone]
    stage.sandbox.world.faults.faults.append(Fault(kind="drop_answer", method="sendMessage", chat_id=answer_lost))
    question = await stage.draft()
    stage.press(question, "📣 Send it")
    # A broken connection is followed by a pause, in which the last in line opts out.
    await stage.reply(answer_lost, "A better model.")
    await stage.database.users.set_announcements(opted_out, False)
    summary = await stage.until(lambda: stage.finished(question))
    assert (summary.text or "").splitlines()[1:] == [
        "Received: 26 of 30",
        "Blocked the bot: 1",
        "Opted out meanwhile: 1",
        "Refused by Telegram: 1",
        "Uncertain, not repeated: 1",
    ]
    assert stage.deliveries(answer_lost, "A better model.") == 1
    assert stage.deliveries(opted_out, "A better model.") == 0
    user = await stage.database.users.get(blocked)
    assert user is not None and user.blocked_at is not None
    assert await stage.database.users.count_recipients() == 28


async def test_a_flood_is_waited_out_and_nobody_is_left_out(stage: Stage) -> None:
    readers = range(2001, 2041)
    await stage.audience(*readers)
    question = await stage.draft()
    stage.sandbox.world.faults.faults.append(Fault(kind="429", method="sendMessage", chat_id=2003, retry_after=3))
    stage.press(question, "📣 Send it")
    await stage.until(lambda: stage.finished(question))
    assert [stage.deliveries(reader, "A better model.") for reader in readers] == [1] * len(readers)
    calls = [each for each in stage.sandbox.world.calls if each.method == "sendMessage" and each.chat_id in readers]
    (refused,) = [each for each in calls if not each.ok]
    # A few may be on the way when Telegram asks for silence.
    assert not [each for each in calls if refused.at + 1 < each.at < refused.at + 3]
    assert len([each for each in calls if each.at >= refused.at + 3]) > 20


async def test_the_pace_of_sending(stage: Stage) -> None:
    readers = range(2001, 2061)
    await stage.audience(*readers)
    stage.sandbox.world.flood.limits = FloodLimits(overall=30, per_chat=1)
    question = await stage.draft()
    began = time.monotonic()
    stage.press(question, "📣 Send it")
    summary = await stage.until(lambda: stage.finished(question))
    seconds = time.monotonic() - began
    assert (summary.text or "").endswith("Received: 60 of 60")
    sent = [each for each in stage.sandbox.world.calls if each.method == "sendMessage" and each.chat_id in readers]
    assert len(sent) == 60 and all(each.ok for each in sent)
    assert sent[-1].at - sent[0].at >= 59 / 25 and seconds < 10


async def test_progress_is_one_edited_message(stage: Stage) -> None:
    readers = range(2001, 2101)
    await stage.audience(*readers)
    question = await stage.draft()
    stage.press(question, "📣 Send it")
    await stage.until(lambda: stage.finished(question))
    calls = [each for each in stage.sandbox.world.calls if each.method == "editMessageText" and each.chat_id == ADMIN]
    edits = [each for each in calls if "📣" in each.params["text"]]
    assert {each.params["message_id"] for each in edits} == {question.message_id}
    texts = [each.params["text"] for each in edits]
    assert texts[0].startswith("📣 Sending: 0 of 100") and len(texts) == len(set(texts)) >= 3
    assert stage.heard(ADMIN)[-1].message_id == question.message_id
    assert "a second\nMinutes left, about: 1" in texts[1]


async def test_a_progress_message_that_was_deleted_is_replaced(stage: Stage) -> None:
    await stage.audience(EMMA)
    question = await stage.draft()
    stage.press(question, "📣 Send it")
    stage.sandbox.world.remove(stage.sandbox.world.people[ADMIN], [question.message_id])
    await stage.reply(ADMIN, "The announcement is sent.")


async def test_an_interrupted_broadcast_goes_on_where_it_stopped(stage: Stage) -> None:
    await stage.audience(2001, 2002, 2003)
    broadcasts = stage.database.broadcasts
    draft = await broadcasts.create(ADMIN, ADMIN, "text", "After a kill", "[]", None)
    await broadcasts.confirm(draft.id, draft.admin_id)
    for reader in (2001, 2002):
        await broadcasts.mark_sending(draft.id, reader)
    await broadcasts.mark(draft.id, 2001, DeliveryState.SENT)
    await stage.application.broadcaster.resume()
    await stage.reply(ADMIN, "The announcement is sent.\nReceived: 2 of 3\nUncertain, not repeated: 1")
    assert [stage.deliveries(reader, "After a kill") for reader in (2001, 2002, 2003)] == [0, 0, 1]


async def test_telegram_out_of_reach_costs_nobody_the_announcement(
    database: Database, tmp_path: Path, unused_tcp_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = asyncio.Event()

    class Watch(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if "one delivery broke" in record.getMessage():
                failed.set()

    monkeypatch.setattr(logging.getLogger("bot.operator.deliveries"), "handlers", [Watch()])
    before = demo_sandbox(ADMIN)
    await before.start(port=unused_tcp_port)
    sandbox = demo_sandbox(ADMIN, before.token)
    settings = Settings(bot_token=SecretStr(before.token), telegram_api_url=before.base_url)
    async with compose(settings, database, Engine(IdlePool()), load_i18n()) as application:
        await before.stop()
        stage = Stage(sandbox, application)
        await stage.audience(ADMIN, EMMA)
        draft = await database.broadcasts.create(ADMIN, ADMIN, "text", "After an outage", "[]", None)
        await database.broadcasts.confirm(draft.id, draft.admin_id)
        await application.broadcaster.resume()
        await asyncio.wait_for(failed.wait(), 20)
        await sandbox.start(port=unused_tcp_port)
        await stage.reply(ADMIN, "The announcement is sent.\nReceived: 2 of 2")
        assert stage.deliveries(EMMA, "After an outage") == 1
    await sandbox.stop()


async def test_an_outage_in_the_middle_leaves_no_more_uncertain_than_were_on_their_way(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.operator.deliveries.OUTAGE_PAUSE_S", 0.02)
    readers = range(2001, 2061)
    await stage.audience(*readers)
    question = await stage.draft()
    calls, ordered = stage.sandbox.world.calls, stage.sandbox.world.faults.faults
    ordered.append(Fault(kind="drop", method="getMe", times=1000))
    ordered.extend(Fault(kind="drop", method="sendMessage", chat_id=each) for each in readers[20:])
    stage.press(question, "📣 Send it")
    # So many tries with messages would have cost all of them.
    await stage.until(lambda: sum(each.method == "getMe" and each.ok is False for each in calls) > 60)
    ordered.clear()
    summary = await stage.until(lambda: stage.finished(question))
    served = sum(stage.deliveries(reader, "A better model.") for reader in readers)
    assert served >= len(readers) - CONCURRENT_DELIVERIES
    assert f"Received: {served} of {len(readers)}" in (summary.text or "")


async def test_a_locked_database_delays_a_broadcast_and_ends_none(stage: Stage, tmp_path: Path) -> None:
    readers = range(2001, 2031)
    await stage.audience(*readers)
    question = await stage.draft()
    stage.press(question, "📣 Send it")
    await stage.reply(readers[0], "A better model.")
    async with write_lock(tmp_path / "bot.db"):
        # Longer than a write waits for the lock.
        await asyncio.sleep(2.5)
        assert stage.finished(question) is None
    summary = await stage.until(lambda: stage.finished(question))
    assert (summary.text or "").endswith("Received: 30 of 30")
    assert [stage.deliveries(reader, "A better model.") for reader in readers] == [1] * len(readers)


@pytest.fixture
async def hasty_stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stage]:
    """A stage whose bot soon gives a call up, and soon tries it again."""
    monkeypatch.setattr("bot.operator.broadcasts.OUTAGE_PAUSE_S", 0.1)
    async with open_stage(tmp_path, retries=HASTY) as stage:
        yield stage


async def announced_in_an_outage(stage: Stage) -> Message:
    """A broadcast that reaches EMMA, and whose summary has been tried in vain three times."""
    await stage.audience(EMMA)
    question = await stage.draft()
    cut_off = Fault(kind="drop", method="editMessageText", chat_id=ADMIN, times=1000)
    stage.sandbox.world.faults.faults.append(cut_off)
    stage.press(question, "📣 Send it")

    def tries() -> int:
        edits = [each for each in stage.sandbox.world.calls if each.method == "editMessageText"]
        return sum("is sent." in each.params["text"] for each in edits)

    # Each try is made of two calls.
    await stage.until(lambda: tries() > 4)
    assert len(await stage.database.broadcasts.running()) == 1
    return question


async def test_an_outage_at_the_end_delays_the_summary(hasty_stage: Stage) -> None:
    question = await announced_in_an_outage(hasty_stage)
    hasty_stage.sandbox.world.faults.faults.clear()
    summary = await hasty_stage.until(lambda: hasty_stage.finished(question))
    assert (summary.text or "").endswith("Received: 1 of 1")
    await finish(hasty_stage)


async def test_a_summary_that_never_came_comes_after_the_next_start_and_nothing_comes_twice(
    hasty_stage: Stage,
) -> None:
    question = await announced_in_an_outage(hasty_stage)
    await hasty_stage.application.supervisor.stop()
    hasty_stage.sandbox.world.faults.faults.clear()
    assert hasty_stage.finished(question) is None
    await hasty_stage.application.broadcaster.resume()
    await hasty_stage.until(lambda: hasty_stage.finished(question))
    await finish(hasty_stage)
    assert hasty_stage.deliveries(EMMA, "A better model.") == 1


async def test_a_broadcast_ends_though_its_author_has_blocked_the_bot(stage: Stage) -> None:
    await stage.audience(EMMA)
    question = await stage.draft()
    stage.press(question, "📣 Send it")
    stage.sandbox.world.people[ADMIN].blocked = True
    await stage.reply(EMMA, "A better model.")
    await finish(stage)
    assert stage.finished(question) is None


async def test_an_orderly_stop_leaves_nothing_uncertain(stage: Stage) -> None:
    readers = range(2001, 2051)
    await stage.audience(*readers)
    question = await stage.draft()
    stage.press(question, "📣 Send it")
    await stage.reply(2010, "A better model.")
    await stage.application.supervisor.stop()
    (broadcast,) = await stage.database.broadcasts.running()
    counts = await stage.database.broadcasts.counts(broadcast.id)
    assert counts.sending == 0 and counts.pending > 0
    assert counts.sent == sum(stage.deliveries(reader, "A better model.") for reader in readers)


async def test_an_author_who_erased_themselves_takes_the_broadcast_along(stage: Stage) -> None:
    await stage.audience(*range(2001, 2051))
    question = await stage.draft()
    stage.press(question, "📣 Send it")
    await stage.reply(2003, "A better model.")
    await stage.database.users.delete(ADMIN)
    await stage.application.supervisor.stop()
    assert await stage.database.broadcasts.running() == []


async def test_what_came_due_while_the_bot_was_down_is_sent_once_after_the_start(
    database: Database, tmp_path: Path
) -> None:
    async with demo_sandbox(ADMIN) as sandbox:
        settings = Settings(bot_token=SecretStr(sandbox.token), telegram_api_url=sandbox.base_url)
        for _start in range(2):
            async with compose(settings, database, Engine(IdlePool()), load_i18n()) as application:
                stage = Stage(sandbox, application)
                if not await database.broadcasts.latest(1):
                    await stage.audience(ADMIN, EMMA)
                    draft = await database.broadcasts.create(ADMIN, ADMIN, "text", "Later", "[]", None)
                    await database.broadcasts.schedule(draft.id, ADMIN, datetime.now(UTC) - timedelta(minutes=5))
                    waiting = await database.broadcasts.create(ADMIN, ADMIN, "text", "Not yet", "[]", None)
                    await database.broadcasts.schedule(waiting.id, ADMIN, datetime.now(UTC) + timedelta(days=1))
                application.supervisor.start(application.broadcaster.keep_starting(), "scheduled")
                await stage.reply(ADMIN, "The announcement is sent.\nReceived: 2 of 2")
                await finish(stage)
        assert (stage.deliveries(EMMA, "Later"), stage.deliveries(EMMA, "Not yet")) == (1, 0)
        assert await actions(stage) == [Action.BROADCAST_SCHEDULE, Action.BROADCAST_SCHEDULE, Action.BROADCAST]


def test_entities_survive_storage_as_json() -> None:
    link = MessageEntity(type="text_link", offset=0, length=4, url="https://example.org/")
    kept = ENTITIES.dump_json([link], exclude_none=True)
    assert json.loads(kept) == [{"type": "text_link", "offset": 0, "length": 4, "url": "https://example.org/"}]
    assert ENTITIES.validate_json(kept) == [link]

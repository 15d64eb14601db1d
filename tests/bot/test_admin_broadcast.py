"""Broadcasts from /broadcast to the summary: who gets what, when, and how often."""

import asyncio
import json
import logging
import time
from itertools import pairwise
from pathlib import Path

import pytest
from aiogram import Bot
from aiogram.types import Message, MessageEntity
from cryptography.fernet import Fernet

from bot.broadcasts import ENTITIES, Broadcaster
from bot.client import open_session
from bot.i18n import load_translations
from bot.lane import Lane
from bot.sandbox.faults import Fault, FloodLimits
from bot.sandbox.samples import sample
from bot.sandbox.server import Sandbox
from bot.supervisor import Supervisor
from storage import Database, DeliveryState
from tests.bot.stage import ADMIN, EMMA, IVAN, Stage


async def test_a_preview_is_what_recipients_get(stage: Stage) -> None:
    await stage.audience(EMMA, 2001)
    bold = [MessageEntity(type="bold", offset=2, length=6), MessageEntity(type="italic", offset=9, length=5)]
    text = "🔬 Better model <now>"
    await stage.say(ADMIN, "/broadcast", "Send me the announcement")
    question = await stage.say(ADMIN, text, "Recipients: 2", bold)
    preview = await stage.reply(ADMIN, text)
    assert await stage.database.broadcasts.running() == []
    assert not stage.heard(EMMA)

    stage.press(question, "📣 Send it")
    got = await stage.reply(EMMA, text)
    assert (got.text, got.entities) == (text, preview.entities)
    assert [(each.type, each.offset, each.length) for each in got.entities or []] == [("bold", 2, 6), ("italic", 9, 5)]
    assert got.reply_markup == preview.reply_markup
    assert (await stage.until(lambda: stage.finished(question))).text == (
        "📣 The announcement is sent.\nReceived: 2 of 2"
    )


async def test_a_photo_with_a_caption(stage: Stage) -> None:
    await stage.audience(EMMA)
    await stage.say(ADMIN, "/broadcast", "Send me the announcement")
    (photo,) = await stage.people.send_photos(ADMIN, [sample("mole")], "Look: better outlines")
    question = await stage.reply(ADMIN, "Recipients: 1", photo.message_id)
    # The journal takes every photo for a request; this one must not be read, now or after a restart.
    assert await stage.database.requests.unfinished() == []
    stage.press(question, "📣 Send it")
    got = await stage.reply(EMMA, "Look: better outlines")
    assert got.photo is not None and photo.photo is not None
    assert got.photo[-1].file_unique_id == photo.photo[-1].file_unique_id
    await stage.until(lambda: stage.finished(question))


async def test_a_recipient_opts_out_in_their_own_language(stage: Stage) -> None:
    await stage.audience(IVAN)
    await stage.announce("Новости")
    got = await stage.reply(IVAN, "Новости")
    press = stage.press(got, "🔕 Больше не присылать объявления")
    await stage.alert(IVAN, press)
    user = await stage.database.users.get(IVAN)
    assert user is not None and not user.announcements


async def test_a_cancelled_draft_goes_nowhere(stage: Stage) -> None:
    await stage.audience(EMMA)
    question = await stage.draft()
    stage.press(question, "Cancel")
    await stage.reply(ADMIN, "Cancelled. Nothing was sent.")
    assert not stage.heard(EMMA)
    assert await stage.database.broadcasts.running() == []


async def test_a_cancelled_draft_cannot_be_sent_after_all(stage: Stage) -> None:
    await stage.audience(EMMA)
    draft = await stage.database.broadcasts.create(ADMIN, ADMIN, "text", "news", "[]", None)
    assert await stage.database.broadcasts.cancel(draft.id)
    question = await stage.draft()
    assert question.reply_markup is not None
    send, _cancel = question.reply_markup.inline_keyboard[0]
    stale = send.model_copy(update={"callback_data": f"broadcast:send:{draft.id}"})
    markup = question.reply_markup.model_copy(update={"inline_keyboard": [[stale]]})
    old = stage.sandbox.world.replace(stage.sandbox.world.people[ADMIN], question, {"reply_markup": markup})
    assert (
        await stage.alert(ADMIN, stage.press(old, "📣 Send it")) == "This announcement was already sent or cancelled."
    )
    assert not stage.heard(EMMA)


async def test_a_draft_is_sent_once_however_often_it_is_confirmed(stage: Stage) -> None:
    await stage.audience(EMMA)
    question = await stage.draft()
    too_late = "This announcement was already sent or cancelled."
    presses = [stage.press(question, "📣 Send it") for _ in range(3)]
    alerts = [await stage.alert(ADMIN, press) for press in presses]
    assert alerts.count(too_late) == 2
    await stage.until(lambda: stage.finished(question))
    assert stage.deliveries(EMMA, "A better model.") == 1


async def test_composing_ends_with_its_button(stage: Stage) -> None:
    prompt = await stage.say(ADMIN, "/broadcast", "Send me the announcement")
    stage.press(prompt, "Cancel")
    await stage.reply(ADMIN, "Cancelled. Nothing was sent.")
    assert "I do not understand text" in ((await stage.say(ADMIN, "Not an announcement", "")).text or "")


async def test_composing_ends_with_another_command_which_is_obeyed(stage: Stage) -> None:
    await stage.say(ADMIN, "/broadcast", "Send me the announcement")
    await stage.say(ADMIN, "/stats", "Requests by day")
    assert "I do not understand text" in ((await stage.say(ADMIN, "Not an announcement", "")).text or "")


async def test_what_cannot_be_announced_is_turned_down_once_and_not_read(stage: Stage) -> None:
    await stage.say(ADMIN, "/broadcast", "Send me the announcement")
    album = await stage.people.send_photos(ADMIN, [sample("mole")] * 3, "three")
    await stage.reply(ADMIN, "one text, or one photo", album[-1].message_id)
    file = stage.people.send_document(ADMIN, sample("mole"), "mole.jpg", "image/jpeg")
    await stage.reply(ADMIN, "one text, or one photo", file.message_id)
    await stage.say(ADMIN, "Then a text", "Recipients: 0")
    turned_down = [each for each in stage.heard(ADMIN) if "one text, or one photo" in (each.text or "")]
    assert len(turned_down) == 2
    assert await stage.database.requests.unfinished() == []


async def test_what_telegram_does_not_accept_is_told_before_anybody_gets_it(stage: Stage) -> None:
    await stage.audience(EMMA)
    await stage.say(ADMIN, "/broadcast", "Send me the announcement")
    stage.sandbox.world.faults.faults.append(Fault(kind="file_expired", method="sendPhoto"))
    (photo,) = await stage.people.send_photos(ADMIN, [sample("mole")], "caption")
    await stage.reply(ADMIN, "Telegram does not accept this announcement", photo.message_id)
    assert await stage.database.broadcasts.running() == []


async def test_how_deliveries_fail_is_told_in_the_summary(stage: Stage) -> None:
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


async def test_progress_is_told_in_one_edited_message(stage: Stage) -> None:
    readers = range(2001, 2101)
    await stage.audience(*readers)
    question = await stage.draft()
    stage.press(question, "📣 Send it")
    await stage.until(lambda: stage.finished(question))
    edits = [each for each in stage.sandbox.world.calls if each.method == "editMessageText" and each.chat_id == ADMIN]
    assert {each.params["message_id"] for each in edits} == {question.message_id}
    texts = [each.params["text"] for each in edits]
    assert texts[0] == "📣 Sending: 0 of 100" and len(texts) == len(set(texts)) >= 3
    assert stage.heard(ADMIN)[-1].message_id == question.message_id
    assert all(later.at - earlier.at >= 0.99 for earlier, later in pairwise(edits))


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
    await broadcasts.confirm(draft.id)
    for reader in (2001, 2002):
        await broadcasts.mark_sending(draft.id, reader)
    await broadcasts.mark(draft.id, 2001, DeliveryState.SENT)
    await stage.broadcaster.resume()
    await stage.reply(ADMIN, "The announcement is sent.\nReceived: 2 of 3\nUncertain, not repeated: 1")
    assert [stage.deliveries(reader, "After a kill") for reader in (2001, 2002, 2003)] == [0, 0, 1]


async def test_telegram_out_of_reach_costs_nobody_the_announcement(tmp_path: Path, unused_tcp_port: int) -> None:
    database = await Database.open(f"sqlite+aiosqlite:///{tmp_path}/bot.db", Fernet.generate_key())
    sandbox = Sandbox(admin_id=ADMIN)
    session = open_session(f"http://127.0.0.1:{unused_tcp_port}")
    bot = Bot(sandbox.token, session=session)
    supervisor, lane = Supervisor(), Lane()
    broadcaster = Broadcaster(bot, database, supervisor, load_translations(), lane)
    stage = Stage(sandbox, database, bot, lane, broadcaster)
    await stage.audience(ADMIN, EMMA)
    failed = asyncio.Event()

    class Watch(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if "one delivery broke" in record.getMessage():
                failed.set()

    watch = Watch()
    logging.getLogger("bot.broadcasts").addHandler(watch)
    draft = await database.broadcasts.create(ADMIN, ADMIN, "text", "After an outage", "[]", None)
    await database.broadcasts.confirm(draft.id)
    await broadcaster.resume()
    async with asyncio.timeout(20):
        await failed.wait()
    await sandbox.start(port=unused_tcp_port)
    await stage.reply(ADMIN, "The announcement is sent.\nReceived: 2 of 2")
    assert stage.deliveries(EMMA, "After an outage") == 1
    logging.getLogger("bot.broadcasts").removeHandler(watch)
    await supervisor.stop()
    await session.close()
    await sandbox.stop()
    await database.close()


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bot that soon gives a call up, and soon tries it again."""
    monkeypatch.setattr("bot.client.RETRY_DELAYS", (0.01,))
    monkeypatch.setattr("bot.broadcasts.OUTAGE_PAUSE_S", 0.1)


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


async def finish(stage: Stage) -> None:
    """Wait until no broadcast is running."""
    async with asyncio.timeout(20):
        while await stage.database.broadcasts.running():
            pass


@pytest.mark.usefixtures("hasty")
async def test_an_outage_at_the_end_delays_the_summary(stage: Stage) -> None:
    question = await announced_in_an_outage(stage)
    stage.sandbox.world.faults.faults.clear()
    summary = await stage.until(lambda: stage.finished(question))
    assert (summary.text or "").endswith("Received: 1 of 1")
    await finish(stage)


@pytest.mark.usefixtures("hasty")
async def test_a_summary_that_was_never_told_is_told_after_the_next_start_and_nobody_gets_anything_twice(
    stage: Stage,
) -> None:
    question = await announced_in_an_outage(stage)
    await stage.broadcaster._supervisor.stop()
    stage.sandbox.world.faults.faults.clear()
    assert stage.finished(question) is None
    await stage.broadcaster.resume()
    await stage.until(lambda: stage.finished(question))
    await finish(stage)
    assert stage.deliveries(EMMA, "A better model.") == 1


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
    await stage.broadcaster._supervisor.stop()
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
    await stage.broadcaster._supervisor.stop()
    assert await stage.database.broadcasts.running() == []


def test_entities_survive_storage_as_json() -> None:
    link = MessageEntity(type="text_link", offset=0, length=4, url="https://example.org/")
    kept = ENTITIES.dump_json([link], exclude_none=True)
    assert json.loads(kept) == [{"type": "text_link", "offset": 0, "length": 4, "url": "https://example.org/"}]
    assert ENTITIES.validate_json(kept) == [link]

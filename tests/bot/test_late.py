"""While another program locks the database, some commands answer at once, and the others say that they are late."""

import asyncio
import time
from pathlib import Path

import pytest

import bot.photos.inbox
from bot.samples import sample
from bot.telegram.parsing import parse_updates
from storage import User
from storage.errors import StorageUnreachable
from tests.bot.photos.test_service import REFUSED, stage_on_command
from tests.bot.stage import EMMA, IVAN, Stage
from tests.locks import write_lock

LOST = "Your photo is not lost"


async def test_help_is_answered_within_a_second_under_a_lock_of_ten(stage: Stage, tmp_path: Path) -> None:
    await stage.audience(EMMA)
    async with write_lock(tmp_path / "bot.db"):
        until = time.monotonic() + 10
        await stage.people.send_photos(EMMA, [sample("mole")], None)
        await stage.reply(EMMA, LOST)
        took = []
        while time.monotonic() < until:
            # One who is known and one who has never written.
            for user, words in ((EMMA, "What the answer means"), (IVAN, "Что значит ответ")):
                began = time.monotonic()
                await stage.say(user, "/help", words)
                took.append(time.monotonic() - began)
            await asyncio.sleep(0.5)
        assert sorted(took)[len(took) // 2] < 1, took
        assert await stage.database.requests.unfinished() == []


async def test_photos_under_a_lock_are_read_when_it_is_gone_and_one_word_says_so(tmp_path: Path) -> None:
    async with stage_on_command(tmp_path) as (stage, pool):
        pool.go.set()
        await stage.audience(EMMA)
        async with write_lock(tmp_path / "bot.db"):
            await stage.people.send_photos(EMMA, [sample("mole")] * 3, None)
            await stage.people.send_photos(EMMA, [sample("mole")], None)
            late = await stage.reply(EMMA, LOST)
            await stage.say(EMMA, "/help", "What the answer means")
        await stage.reply(EMMA, f"Photo 3: {REFUSED}", after=late.message_id)
        await stage.until(lambda: stage.deliveries(EMMA, REFUSED) == 2)
        await stage.say(EMMA, "/help", "What the answer means")
        assert stage.deliveries(EMMA, LOST) == 1
        # An answer is noted as sent after it was sent.
        async with asyncio.timeout(20):
            while await stage.database.requests.unfinished():
                pass


async def test_a_photo_that_is_recorded_a_moment_late_gets_its_answer_and_no_other_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bot.photos.inbox, "LATE_SECONDS", 60.0)
    async with stage_on_command(tmp_path) as (stage, pool):
        pool.go.set()
        await stage.audience(EMMA)
        async with write_lock(tmp_path / "bot.db"):
            await stage.people.send_photos(EMMA, [sample("mole")], None)
            # Its updates come after the photo's.
            await stage.say(EMMA, "/help", "What the answer means")
        await stage.reply(EMMA, REFUSED)
        await stage.say(EMMA, "/help", "What the answer means")
        assert stage.deliveries(EMMA, LOST) == 0
        assert stage.deliveries(EMMA, REFUSED) == 1


async def test_what_has_to_write_says_that_it_is_late(stage: Stage, tmp_path: Path) -> None:
    async with write_lock(tmp_path / "bot.db"):
        await stage.say(IVAN, "/start", "Моя память сейчас занята. Попробуйте ещё раз")
    welcome = await stage.say(IVAN, "/start", "Здравствуйте")
    async with write_lock(tmp_path / "bot.db"):
        assert "Нажмите кнопку ещё раз" in (
            await stage.alert(IVAN, stage.press(welcome, "✅ Прочитано, даю согласие")) or ""
        )
        user = await stage.database.users.get(IVAN)
        assert user is not None and user.consented_at is None
    stage.press(welcome, "✅ Прочитано, даю согласие")
    await stage.reply(IVAN, "", after=welcome.message_id)


async def test_what_comes_again_gets_no_word_about_a_database_that_is_lost(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.audience(EMMA)
    asked = stage.people.write(EMMA, "/help")
    help_text = await stage.reply(EMMA, "What the answer means")
    seen_at, errors = stage.database.users.seen_at, [StorageUnreachable("gone"), StorageUnreachable("gone")]

    async def fail(user_id: int, hint: str, arrived: float) -> User | None:
        if errors:
            raise errors.pop()
        return await seen_at(user_id, hint, arrived)

    monkeypatch.setattr(stage.database.users, "seen_at", fail)
    emma = {"id": EMMA, "is_bot": False, "first_name": "Emma", "language_code": "en"}
    entity = {"type": "bot_command", "offset": 0, "length": 8}
    chat = {"id": EMMA, "type": "private"}
    said = {
        "message_id": asked.message_id,
        "date": 1,
        "chat": chat,
        "from": emma,
        "text": "/history",
        "entities": [entity],
    }
    [update] = parse_updates([{"update_id": 1, "message": said}], stage.bot)
    with pytest.raises(StorageUnreachable):
        await stage.application._handle(update, True)
    assert [each.message_id for each in stage.heard(EMMA)] == [help_text.message_id]
    # It does not come again, so the person has to know.
    await stage.application._handle(update, False)
    await stage.reply(EMMA, "Please try again in a minute")
    await stage.application._handle(update, True)
    await stage.reply(EMMA, "You have no results yet")

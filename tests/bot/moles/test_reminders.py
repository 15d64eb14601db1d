"""Reminders: due in the person's morning, sent once, and postponed or switched off by buttons."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.moles.buttons import Act, Clock, OfMole, Remind, Snooze
from bot.moles.reminders import Reminding, months_later, snoozed
from bot.sandbox.faults import Fault
from bot.telegram.client import connect, open_session
from bot.telegram.rate_limit import RateLimiter
from bot.ui.clock import offset
from bot.ui.i18n import load_i18n
from storage.records import User
from tests.bot.moles.following import answered, begun, stage_with_moles, tap
from tests.bot.stage import EMMA, HASTY, IVAN, Stage

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


def person(language: str = "en", minutes: int | None = None) -> User:
    return User(EMMA, language, NOW, True, None, NOW, minutes)


@pytest.mark.parametrize(
    ("now", "months", "minutes", "due"),
    [
        ("2026-11-28T12:00", 1, 0, "2026-12-28T10:00"),
        ("2026-11-30T12:00", 3, 0, "2027-02-28T10:00"),
        ("2026-08-31T12:00", 6, 0, "2027-02-28T10:00"),
        ("2026-12-05T12:00", 1, 180, "2027-01-05T07:00"),
        # It is tomorrow already where the person lives.
        ("2026-11-28T20:00", 1, 600, "2026-12-29T00:00"),
        ("2026-11-28T02:00", 1, -300, "2026-12-27T15:00"),
    ],
)
def test_a_reminder_is_due_in_the_morning_of_the_persons_clock(now: str, months: int, minutes: int, due: str) -> None:
    found = months_later(datetime.fromisoformat(now).replace(tzinfo=UTC), months, person(minutes=minutes))
    assert found == datetime.fromisoformat(due).replace(tzinfo=UTC)


def test_until_it_is_said_the_clock_goes_by_the_language() -> None:
    assert offset(person("ru")) == timedelta(hours=3)
    assert offset(person("en")) == timedelta()
    assert offset(person("ru", -120)) == timedelta(hours=-2)


def test_a_week_later_is_a_morning_too() -> None:
    assert snoozed(NOW, person(minutes=60)) == datetime(2026, 12, 5, 9, tzinfo=UTC)


def reminding(stage: Stage) -> Reminding:
    return Reminding(stage.bot, stage.database, load_i18n(), RateLimiter())


async def test_a_reminder_is_set_by_buttons_and_the_clock_is_asked_once(tmp_path: Path) -> None:
    async with stage_with_moles(tmp_path) as (stage, _pool):
        mole = await begun(stage, EMMA, await answered(stage, EMMA))
        await tap(stage, EMMA, OfMole(act=Act.REMIND, mole_id=mole.id).pack())
        question = await stage.reply(EMMA, "When shall I remind you")
        stage.press(question, "In three months")
        clocks = await stage.reply(EMMA, "What does your clock say now?")
        due = await stage.database.reminders.get(mole.id)
        told = await stage.reply(EMMA, "I will remind you on")
        assert due is not None and [each.unix_time for each in told.entities or ()] == [int(due[1].timestamp())]
        assert (await stage.database.reminders.get(mole.id) or (0,))[0] == 3
        await tap(stage, EMMA, Clock(minutes=-300).pack())
        await stage.until(
            lambda: [each for each in stage.heard(EMMA) if "From now on I use your time" in (each.text or "")]
        )
        user = await stage.database.users.get(EMMA)
        assert user is not None and user.utc_offset == -300
        await tap(stage, EMMA, Remind(mole_id=mole.id, months=1).pack())
        await stage.until(lambda: len([e for e in stage.heard(EMMA) if "I will remind you on" in (e.text or "")]) == 2)
        asked = [each for each in stage.heard(EMMA) if "What does your clock say" in (each.text or "")]
        assert [each.message_id for each in asked] == [clocks.message_id]
        await tap(stage, EMMA, Remind(mole_id=mole.id, months=0).pack())
        await stage.reply(EMMA, "I will not remind you of this mole.")
        assert await stage.database.reminders.get(mole.id) is None


@pytest.mark.parametrize(("user", "words"), [(EMMA, "Time for a new photo of"), (IVAN, "Пора сделать новое фото")])
async def test_what_came_due_while_the_bot_was_down_is_sent_once(tmp_path: Path, user: int, words: str) -> None:
    async with stage_with_moles(tmp_path) as (stage, _pool):
        mole = await begun(stage, user, await answered(stage, user))
        # Several times over: one reminder is enough.
        await stage.database.reminders.set(mole.id, 1, NOW - timedelta(days=200))
        # Several bots on one database, and a restart right after.
        await asyncio.gather(*(reminding(stage).send_due(NOW) for _ in range(3)))
        assert await reminding(stage).send_due(NOW) == 0
        assert stage.deliveries(user, words) == 1
        months, due = await stage.database.reminders.get(mole.id) or (0, NOW)
        assert months == 1 and due > NOW


async def test_a_reminder_that_telegram_does_not_take_now_comes_later(tmp_path: Path) -> None:
    async with stage_with_moles(tmp_path) as (stage, _pool):
        mole = await begun(stage, EMMA, await answered(stage, EMMA))
        await stage.database.reminders.set(mole.id, 1, NOW)
        stage.sandbox.world.faults.faults.append(Fault(kind="drop", method="sendMessage", times=2))
        async with open_session(stage.sandbox.base_url) as session:
            hasty = connect(stage.sandbox.token, session, HASTY)
            assert await Reminding(hasty, stage.database, load_i18n(), RateLimiter()).send_due(NOW) == 1
        assert stage.deliveries(EMMA, "Time for a new photo") == 0
        assert await reminding(stage).send_due(NOW + timedelta(minutes=10)) == 1
        assert stage.deliveries(EMMA, "Time for a new photo") == 1


async def test_a_clock_that_jumps_ahead_and_back_reminds_once(tmp_path: Path) -> None:
    async with stage_with_moles(tmp_path) as (stage, _pool):
        mole = await begun(stage, EMMA, await answered(stage, EMMA))
        await stage.database.reminders.set(mole.id, 1, NOW + timedelta(days=20))
        ahead = NOW + timedelta(days=40)
        assert await reminding(stage).send_due(ahead) == 1
        for now in (NOW, NOW + timedelta(days=20), ahead):
            assert await reminding(stage).send_due(now) == 0
        _months, due = await stage.database.reminders.get(mole.id) or (0, NOW)
        assert due > ahead
        assert await reminding(stage).send_due(due) == 1
        assert stage.deliveries(EMMA, "Time for a new photo") == 2


async def test_whoever_blocks_the_bot_is_reminded_once_they_are_back(tmp_path: Path) -> None:
    async with stage_with_moles(tmp_path) as (stage, _pool):
        mole = await begun(stage, EMMA, await answered(stage, EMMA))
        await stage.database.reminders.set(mole.id, 1, NOW)
        await stage.database.users.mark_blocked(EMMA)
        assert await reminding(stage).send_due(NOW) == 0
        await stage.database.users.mark_active(EMMA)
        stage.sandbox.world.faults.faults.append(Fault(kind="403", method="sendMessage"))
        assert await reminding(stage).send_due(NOW) == 1
        user = await stage.database.users.get(EMMA)
        assert user is not None and user.blocked_at is not None
        assert stage.deliveries(EMMA, "Time for a new photo") == 0
        await stage.database.users.mark_active(EMMA)
        _months, due = await stage.database.reminders.get(mole.id) or (0, NOW)
        assert await reminding(stage).send_due(due) == 1
        assert stage.deliveries(EMMA, "Time for a new photo") == 1


async def test_the_running_bot_looks_for_what_is_due_from_its_start_on(tmp_path: Path) -> None:
    async with stage_with_moles(tmp_path):
        assert "reminders" in {task.get_name() for task in asyncio.all_tasks()}


async def test_snooze_and_off_are_under_the_reminder(tmp_path: Path) -> None:
    async with stage_with_moles(tmp_path) as (stage, _pool):
        mole = await begun(stage, EMMA, await answered(stage, EMMA))
        await stage.database.reminders.set(mole.id, 6, NOW)
        await reminding(stage).send_due(NOW)
        shown = await stage.reply(EMMA, "Time for a new photo")
        stage.press(shown, "In a week")
        await stage.reply(EMMA, "I will remind you on")
        months, due = await stage.database.reminders.get(mole.id) or (0, NOW)
        assert months == 6
        assert timedelta(days=6) < due - datetime.now(UTC) < timedelta(days=8)
        await tap(stage, EMMA, Remind(mole_id=mole.id, months=0).pack())
        await stage.reply(EMMA, "I will not remind you of this mole.")
        # Stale by now: there is nothing to be put off.
        await tap(stage, EMMA, Snooze(mole_id=mole.id).pack())
        await stage.until(lambda: len([e for e in stage.heard(EMMA) if "I will not remind you" in (e.text or "")]) == 2)
        assert await stage.database.reminders.get(mole.id) is None

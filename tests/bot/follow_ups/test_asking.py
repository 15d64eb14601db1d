"""Weeks after a warning the person is asked once, by day, and what is pressed then leads on."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.follow_ups.asking import Asking, next_day
from bot.sandbox.faults import Fault
from bot.telegram.rate_limit import RateLimiter
from bot.ui.i18n import load_i18n
from inference.analysis import Risk
from storage.records import User, Verdict
from tests.bot.examples import FORBIDDEN
from tests.bot.moles.following import answered, stage_with_moles
from tests.bot.stage import EMMA, HASTY, IVAN, Stage, open_stage

QUESTION = {EMMA: "Has a doctor seen it?", IVAN: "Его уже видел врач?"}


def asking(stage: Stage) -> Asking:
    return Asking(stage.bot, stage.database, load_i18n(), RateLimiter())


def noon(weeks: int) -> datetime:
    """Noon UTC so many weeks and a day from now: day in London and in Moscow."""
    return (datetime.now(UTC) + timedelta(weeks=weeks, days=1)).replace(hour=12)


def asked(stage: Stage, user: int) -> int:
    return stage.deliveries(user, QUESTION[user])


@pytest.mark.parametrize(
    ("user", "no", "comfort"), [(EMMA, "Not yet", "That is all right"), (IVAN, "Ещё нет", "Ничего страшного")]
)
async def test_a_warning_is_asked_about_once_and_not_yet_is_all_right(
    tmp_path: Path, user: int, no: str, comfort: str
) -> None:
    async with stage_with_moles(tmp_path) as (stage, _pool):
        await answered(stage, user, Risk.RAISED)
        await answered(stage, user, Risk.HIGH)
        await answered(stage, user, Risk.LOW)
        await asking(stage).ask_due(noon(3))
        assert asked(stage, user) == 0
        # Two bots at once, and again after a restart.
        await asyncio.gather(*(asking(stage).ask_due(noon(4)) for _ in range(2)))
        await asking(stage).ask_due(noon(5))
        question = await stage.reply(user, QUESTION[user])
        assert asked(stage, user) == 1 and not FORBIDDEN.search(question.text or "")
        stage.press(question, no)
        reply = await stage.reply(user, comfort, after=question.message_id)
        assert reply.reply_markup is not None


async def test_yes_leads_to_what_the_doctor_said(tmp_path: Path) -> None:
    async with stage_with_moles(tmp_path) as (stage, _pool):
        request = await answered(stage, EMMA, Risk.HIGH)
        await asking(stage).ask_due(noon(4))
        stage.press(await stage.reply(EMMA, QUESTION[EMMA]), "Yes, I can tell what was said")
        stage.press(await stage.reply(EMMA, "what did they call it?"), "mole (melanocytic nevus)")
        biopsy = await stage.reply(EMMA, "(a biopsy)")
        stage.press(biopsy, "No")
        await stage.reply(EMMA, "I have noted it")
        assert await stage.database.verdicts.of(request, EMMA) == Verdict("nv", False)


async def test_whoever_said_what_the_doctor_found_or_wants_no_question_is_not_asked(tmp_path: Path) -> None:
    async with stage_with_moles(tmp_path) as (stage, _pool):
        request = await answered(stage, EMMA, Risk.HIGH)
        await stage.database.verdicts.note(request, EMMA, Verdict("mel", True))
        await answered(stage, IVAN, Risk.HIGH)
        await stage.database.users.set_follow_ups(IVAN, False)
        assert await asking(stage).ask_due(noon(4)) == 0
        assert asked(stage, EMMA) == asked(stage, IVAN) == 0


async def test_a_press_ends_all_such_questions(tmp_path: Path) -> None:
    async with stage_with_moles(tmp_path) as (stage, _pool):
        await answered(stage, EMMA, Risk.HIGH)
        await asking(stage).ask_due(noon(4))
        stage.press(await stage.reply(EMMA, QUESTION[EMMA]), "Do not ask me such things")
        await stage.reply(EMMA, "I do not ask such things any more.")
        user = await stage.database.users.get(EMMA)
        assert user is not None and not user.follow_ups


async def test_by_night_it_waits_for_the_morning(tmp_path: Path) -> None:
    async with stage_with_moles(tmp_path) as (stage, _pool):
        await answered(stage, EMMA, Risk.HIGH)
        await stage.database.users.set_utc_offset(EMMA, 0)
        night = noon(4).replace(hour=23)
        await asking(stage).ask_due(night)
        await asking(stage).ask_due(night + timedelta(hours=10))
        assert asked(stage, EMMA) == 0
        await asking(stage).ask_due(night + timedelta(hours=12))
        assert asked(stage, EMMA) == 1


def test_the_day_is_that_of_the_persons_clock() -> None:
    now = datetime(2026, 11, 28, 19, tzinfo=UTC)
    person = User(EMMA, "en", now, True, None, now, 0)
    assert next_day(now, person) is None
    assert next_day(now, replace(person, utc_offset=180)) == datetime(2026, 11, 29, 7, tzinfo=UTC)
    early = now.replace(hour=3)
    assert next_day(early, person) == datetime(2026, 11, 28, 10, tzinfo=UTC)


async def test_what_could_not_be_sent_is_sent_later_and_what_is_too_old_never(tmp_path: Path) -> None:
    async with open_stage(tmp_path, retries=HASTY) as stage:
        await answered(stage, EMMA, Risk.HIGH)
        faults = stage.sandbox.world.faults.faults
        faults.append(Fault(kind="500", method="sendMessage", chat_id=EMMA, times=1000))
        await asking(stage).ask_due(noon(4))
        faults.clear()
        await asking(stage).ask_due(noon(4) + timedelta(minutes=6))
        assert asked(stage, EMMA) == 1
        await answered(stage, EMMA, Risk.HIGH)
        await asking(stage).ask_due(noon(13))
        await asking(stage).ask_due(noon(14))
        assert asked(stage, EMMA) == 1

"""Past results narrowed by warning, month and mole, in the person's own time, with small pictures."""

import io
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image

from bot.sandbox.faults import Fault
from bot.ui.callbacks import Past, Show, Strip
from bot.ui.clock import local_moment
from bot.ui.i18n import load_i18n
from bot.ui.strip import strip
from inference.analysis import Risk
from storage.records import User
from tests.bot.examinations import examination
from tests.bot.moles.following import answered, begun, stage_with_moles, tap
from tests.bot.stage import EMMA, IVAN, Stage

NOW = datetime(2026, 11, 28, 22, 30, tzinfo=UTC)


def backdate(folder: Path, request_id: int, moment: str) -> None:
    with sqlite3.connect(folder / "bot.db") as connection:
        connection.execute("UPDATE requests SET created_at = ? WHERE id = ?", (moment, request_id))
    connection.close()


async def turned(stage: Stage, user: int, data: str, part: str) -> str:
    """What a message says once a button with this data was pressed under it."""
    last = max(stage.sandbox.world.people[user].messages, default=0)
    await tap(stage, user, data)
    return (await stage.reply(user, part, after=last)).text or ""


@pytest.mark.parametrize(
    ("user", "warned", "title"),
    [(EMMA, "With a warning", "Only those with a warning"), (IVAN, "С предупреждением", "Только с предупреждением")],
)
async def test_only_results_with_a_warning(tmp_path: Path, user: int, warned: str, title: str) -> None:
    async with stage_with_moles(tmp_path) as (stage, _pool):
        for risk in (Risk.LOW, Risk.HIGH, Risk.LOW):
            await answered(stage, user, risk)
        listed = await stage.say(user, "/history", "1.")
        stage.press(listed, warned)
        messages = stage.sandbox.world.people[user].messages
        text = await stage.until(lambda: t if title in (t := messages[listed.message_id].text or "") else None)
        assert "🔴" in text and "2. " not in text


async def test_months_are_those_of_the_persons_clock(tmp_path: Path) -> None:
    async with stage_with_moles(tmp_path) as (stage, _pool):
        first, second = await answered(stage, EMMA), await answered(stage, EMMA, Risk.HIGH)
        backdate(tmp_path, first, "2026-09-30 23:30:00.000000")
        backdate(tmp_path, second, "2026-09-15 10:00:00.000000")
        await stage.database.users.set_utc_offset(EMMA, 60)
        choice = await turned(stage, EMMA, Show.MONTHS, "Results of which month?")
        assert choice
        october = await turned(stage, EMMA, Past(number=0, by="2026-10").pack(), "October 2026")
        assert "1 October 2026, 00:30" in october and "🔴" not in october
        september = await turned(stage, EMMA, Past(number=0, by="2026-09").pack(), "September 2026")
        assert "🔴" in september and "2. " not in september
        assert "There is nothing here." in await turned(stage, EMMA, Past(number=0, by="2026-08").pack(), "August")


async def test_results_of_a_mole_are_shown_to_its_owner_alone(tmp_path: Path) -> None:
    async with stage_with_moles(tmp_path) as (stage, _pool):
        mole = await begun(stage, EMMA, await answered(stage, EMMA))
        await answered(stage, EMMA, Risk.HIGH)
        await turned(stage, EMMA, Show.BY_MOLE, "Results of which mole?")
        data = Past(number=0, by=f"mole-{mole.id}").pack()
        shown = await turned(stage, EMMA, data, "Of the mole")
        assert "🔵" in shown and "🔴" not in shown
        await stage.audience(IVAN)
        assert "Здесь ничего нет." in await turned(stage, IVAN, data, "Здесь")


async def test_small_pictures_come_as_one_and_what_is_gone_leaves_a_gap(tmp_path: Path) -> None:
    async with stage_with_moles(tmp_path) as (stage, _pool):
        await answered(stage, EMMA)
        await tap(stage, EMMA, Strip(number=0, by="").pack())
        assert (await stage.reply(EMMA, "leave a gap")).photo
        stage.sandbox.world.faults.faults.append(Fault(kind="file_lost", method="download", times=1000))
        last = max(stage.sandbox.world.people[EMMA].messages)
        await tap(stage, EMMA, Strip(number=0, by="").pack())
        assert (await stage.reply(EMMA, "leave a gap", after=last)).photo


def test_a_strip_shows_each_picture_at_its_place() -> None:
    content = examination().photo
    drawn = Image.open(io.BytesIO(strip([content, None, b"no picture", content], 4996)))
    # Three in a row.
    assert drawn.size == (3 * 332 + 12, 2 * 332 + 12)
    empty = (226, 230, 236)

    def differs(place: int) -> bool:
        pixel = drawn.convert("RGB").getpixel((12 + place % 3 * 332 + 300, 12 + place // 3 * 332 + 300))
        assert isinstance(pixel, tuple)
        return max(abs(a - b) for a, b in zip(pixel, empty, strict=True)) > 8

    assert [differs(place) for place in range(4)] == [True, False, False, True]


async def said_of(stage: Stage, press: str) -> str | None:
    presses = stage.sandbox.world.people[EMMA].presses
    return await stage.until(lambda: presses[press].text)


async def test_a_button_that_nobody_was_shown_is_stale(stage: Stage) -> None:
    await stage.audience(EMMA)
    for data in ("past:0:2026-13", "past:0:mole-x", "past:0:0000-01", "strip:-1:"):
        assert await said_of(stage, await tap(stage, EMMA, data)) == "This button no longer works."


async def test_the_clock_can_be_told_under_the_history(tmp_path: Path) -> None:
    async with stage_with_moles(tmp_path) as (stage, _pool):
        await answered(stage, EMMA)
        stage.press(await stage.say(EMMA, "/history", "1."), "My clock")
        await stage.reply(EMMA, "What does your clock say now?")


@pytest.mark.parametrize(
    ("language", "minutes", "shown"),
    [
        ("en", None, "28 November 2026, 22:30 UTC"),
        ("en", 330, "29 November 2026, 04:00"),
        ("ru", None, "29 ноября 2026, 01:30 МСК"),
        ("ru", 600, "29 ноября 2026, 08:30"),
    ],
)
def test_times_are_the_persons_own(language: str, minutes: int | None, shown: str) -> None:
    i18n = load_i18n()
    with i18n.context(), i18n.use_locale(language):
        assert local_moment(NOW, User(1, language, NOW, True, None, NOW, minutes)) == shown

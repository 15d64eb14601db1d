"""An erasure cancels work under way, and nothing brings the data back."""

import sqlite3
from pathlib import Path

import pytest

from benchmarks.load.chats import is_progress
from bot.samples import sample
from bot.sandbox.state import dump
from bot.ui import erasing
from bot.ui.callbacks import Show
from bot.ui.i18n import load_i18n
from storage.records import Holdings
from tests.bot.photos.test_service import REFUSED, stage_on_command
from tests.bot.stage import EMMA, IVAN, Stage
from tests.storage.filling import fill


async def erase(stage: Stage, user: int) -> None:
    """Run /delete until the bot says that everything is erased."""
    question = await stage.say(user, "/delete", "Erase everything I keep about you?")
    assert question.reply_markup is not None
    assert [[each.style for each in row] for row in question.reply_markup.inline_keyboard] == [["danger"], [None]]
    stage.press(question, "Yes, erase everything")
    await stage.reply(user, "Everything I kept about you is erased.")


async def test_photos_that_wait_when_their_owner_is_erased_are_neither_fetched_nor_answered(tmp_path: Path) -> None:
    async with stage_on_command(tmp_path) as (stage, pool):
        await stage.audience(EMMA)
        await stage.people.send_photos(EMMA, [sample("mole")] * 10, None)
        await stage.people.send_photos(EMMA, [sample("mole")], None)
        await stage.reply(EMMA, "I am looking at your photos")
        # Some are fetched, the others wait.
        calls = stage.sandbox.world.calls
        await stage.until(lambda: sum(each.method == "getFile" for each in calls) >= 1)
        await erase(stage, EMMA)
        fetched = sum(each.method == "getFile" for each in calls)
        pool.go.set()
        await stage.until(lambda: not any(is_progress(dump(each)) for each in stage.heard(EMMA)))
        await stage.say(EMMA, "/help", "What the answer means")
        assert sum(each.method == "getFile" for each in calls) == fetched
        assert stage.deliveries(EMMA, REFUSED) == 0
        assert await stage.database.users.get(EMMA) is None


async def test_whoever_blocks_the_bot_after_erasing_themselves_stays_erased(stage: Stage) -> None:
    await stage.audience(EMMA)
    await erase(stage, EMMA)
    stage.people.set_blocked(EMMA, True)
    stage.people.set_blocked(EMMA, False)
    await stage.say(EMMA, "/help", "What the answer means")
    assert await stage.database.users.get(EMMA) is None


async def test_a_second_press_on_erase_brings_nobody_back(stage: Stage) -> None:
    await stage.audience(EMMA)
    for _ in range(2):
        stage.forge(EMMA, Show.ERASE)
        await stage.reply(EMMA, "Everything I kept about you is erased.")
    await stage.say(EMMA, "/help", "What the answer means")
    assert await stage.database.users.get(EMMA) is None


async def test_traces_that_another_program_keeps_in_the_log_are_told_of_and_so_is_their_end(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.erasure.AGAIN_S", 0.05)
    await stage.audience(EMMA)
    reader = sqlite3.connect(tmp_path / "bot.db")
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM users").fetchone()
    await erase(stage, EMMA)
    await stage.reply(EMMA, "Traces of it are still in the log")
    await stage.say(EMMA, "/help", "What the answer means")
    assert stage.deliveries(EMMA, "The last traces of your data are gone") == 0
    reader.close()
    await stage.reply(EMMA, "The last traces of your data are gone")


@pytest.mark.parametrize(
    ("user", "goes", "stays"),
    [
        (EMMA, ("photos with results, answers and notes: 2", "moles with measures"), "how long they are kept was not"),
        (IVAN, ("фото с результатами, ответами и заметками: 2", "родинки с измерениями"), "сколько они хранятся, не"),
    ],
)
async def test_the_question_says_what_goes_and_what_backups_hold(
    stage: Stage, user: int, goes: tuple[str, ...], stays: str
) -> None:
    await fill(stage.database, user, photos=2)
    await stage.audience(user)
    await stage.database.users.set_language(user, "en" if user == EMMA else "ru")
    asked = await stage.say(user, "/delete", "?")
    assert all(each in (asked.text or "") for each in (*goes, stays))


def test_how_long_backups_are_kept_is_said_where_it_is_set() -> None:
    held = Holdings(1, 0, 0, 0, 0, 0)
    with load_i18n().context():
        assert "they are erased after 30 days at the latest." in erasing.question(held, None, 30)
        assert "Ask: A &amp; B." in erasing.question(held, "A & B", None)

"""/retrain: a process of its own at low priority, one at a time, found again after a restart, and stopped."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiogram.types import Message

from bot.learning import transfer
from bot.operator.retraining import Retrainer
from bot.operator.trainer import NICENESS, PROGRESS, AlreadyRunning, Trainer
from bot.supervisor import Supervisor
from bot.telegram.rate_limit import RateLimiter
from inference.engine.engine import DEFAULT_WEIGHTS
from storage.audit import Action
from storage.retrainings import FORGOTTEN, Retraining
from tests.bot.operator import playing_trainer
from tests.bot.stage import ADMIN, EMMA, Stage, open_stage

COMMAND = f"{sys.executable} {playing_trainer.__file__} retrain"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.operator.retraining.LOOK_SECONDS", 0.05)


@asynccontextmanager
async def training_stage(folder: Path, command: str | None = COMMAND) -> AsyncIterator[Stage]:
    async with open_stage(folder, retrain_command=command) as stage:
        yield stage
        trainer(folder).stop()
        async with asyncio.timeout(60):
            while await asyncio.to_thread(trainer(folder).is_running):  # noqa: ASYNC110
                await asyncio.sleep(0.05)


def trainer(folder: Path, command: str = COMMAND) -> Trainer:
    return Trainer(command, folder / "retraining", DEFAULT_WEIGHTS)


def process(folder: Path) -> int:
    return int((folder / "retraining" / "running").read_text())


async def shown(stage: Stage, message: Message, part: str) -> Message:
    """The message once it says so."""
    said = stage.sandbox.world.people[ADMIN].messages

    def now() -> Message | None:
        found = said[message.message_id]
        return found if part in (found.text or "") else None

    return await stage.until(now, seconds=120)


async def started(stage: Stage, language: str = "en") -> Message:
    """Start one; the message with its progress."""
    await stage.audience(ADMIN)
    await stage.database.users.set_language(ADMIN, language)
    words = {
        "en": ("makes the next version", "Start", "training fixcaps, 1 of 1: epoch 2 of 4, step 17 of 300"),
        "ru": ("делает следующую версию", "Начать", "обучаю fixcaps, 1 из 1: эпоха 2 из 4, шаг 17 из 300"),
    }[language]
    asked = await stage.say(ADMIN, "/retrain", words[0])
    stage.press(asked, words[1])
    return await shown(stage, asked, words[2])


@pytest.mark.parametrize(
    ("language", "minutes", "end", "figure", "kind"),
    [
        ("en", "Minutes left, about: 12", "Version 2.2.0 is made. It is not published yet.",
         "melanomas that raise the warning: 0.90 → 0.94", "Training pool of the bot"),
        ("ru", "Осталось примерно минут: 12", "Версия 2.2.0 готова. Она ещё не опубликована.",
         ": 0.90 → 0.94", "Фото для обучения"),
    ],
)  # fmt: skip
async def test_it_runs_by_itself_at_low_priority_and_its_result_comes_with_report_and_next_step(
    tmp_path: Path, language: str, minutes: str, end: str, figure: str, kind: str
) -> None:
    async with training_stage(tmp_path) as stage:
        message = await started(stage, language)
        assert minutes in (message.text or "")
        assert os.getpriority(os.PRIO_PROCESS, process(tmp_path)) == min(
            19, os.getpriority(os.PRIO_PROCESS, 0) + NICENESS
        )
        pool = tmp_path / "retraining" / "pool"
        assert (tmp_path / "retraining").stat().st_mode & 0o077 == 0 and (pool / "labels.csv").is_file()
        before = len(stage.sandbox.world.calls)
        (tmp_path / "retraining" / "go").touch()
        await shown(stage, message, end)
        calls = list(stage.sandbox.world.calls)[before:]
        edits = [str(each.params["text"]) for each in calls if each.method == "editMessageText"]
        assert len(edits) == 1 and end in edits[0], "no step is shown again"
        result = await stage.until(lambda: next((each for each in stage.heard(ADMIN) if each.document), None))
        text = result.caption or ""
        assert end in text and figure in text and kind in text and "⚠️" in text
        assert f"{playing_trainer.__file__} publish {tmp_path}/retraining/candidate" in text
        assert result.document and result.document.file_name == "report.md"
        assert not pool.exists(), "what people gave stays in the database alone"
        assert await stage.database.retrainings.current() is None
        entries, _total = await stage.database.staff.audit_page(0, 5)
        assert [(each.action, each.detail) for each in entries] == [(Action.RETRAIN, "begin")]


def test_the_command_for_the_next_step_has_the_data_and_the_weights_of_the_retraining(tmp_path: Path) -> None:
    command = "python -m models retrain --networks fixcaps --data /ham '/with a space' --epochs 2"
    publishing = trainer(tmp_path, command).publishing("/candidate")
    assert publishing == f"python -m models publish /candidate --data /ham '/with a space' --weights {DEFAULT_WEIGHTS}"


async def test_it_is_stopped_after_a_second_question_and_another_one_waits_until_then(tmp_path: Path) -> None:
    async with training_stage(tmp_path) as stage:
        message = await started(stage)
        await stage.say(ADMIN, "/retrain", "There is one at a time.")
        stage.press(message, "Cancel")
        asked = await stage.reply(ADMIN, "Stop the retraining?")
        assert trainer(tmp_path).is_running()
        stage.press(asked, "Yes, stop it")
        await shown(stage, message, "The retraining was stopped. /retrain goes on from the last epoch.")
        assert await stage.database.retrainings.current() is None
        stage.forge(ADMIN, "retrain:stop")
        entries, _total = await stage.database.staff.audit_page(0, 5)
        assert [each.detail for each in entries] == ["cancel", "begin"]
        await stage.say(ADMIN, "/retrain", "makes the next version")


def retrainer(stage: Stage, folder: Path, supervisor: Supervisor) -> Retrainer:
    """As of another process of the bot."""
    application = stage.application

    async def export(pool: Path) -> None:
        await transfer.export(stage.database, pool)

    return Retrainer(
        stage.bot,
        stage.database,
        application.i18n,
        supervisor,
        RateLimiter(),
        application.access,
        trainer(folder),
        export,
    )


@pytest.mark.parametrize("killed", [False, True])
async def test_after_a_restart_of_the_bot_it_is_found_again_or_said_to_have_ended(tmp_path: Path, killed: bool) -> None:
    async with training_stage(tmp_path) as stage:
        message = await stage.bot.send_message(ADMIN, "Retraining begins")
        before, after = Supervisor(), Supervisor()
        assert await retrainer(stage, tmp_path, before).start(ADMIN, message.message_id)
        await shown(stage, message, "epoch 2 of 4")
        await before.stop()
        assert trainer(tmp_path).is_running(), "it outlives the bot"
        if killed:
            os.kill(process(tmp_path), signal.SIGKILL)
        else:
            (tmp_path / "retraining" / "go").touch()
        after.start(retrainer(stage, tmp_path, after).resume(), "retraining")
        await shown(stage, message, "ended without a new version" if killed else "Version 2.2.0 is made")
        await stage.until(
            lambda: stage.deliveries(ADMIN, "ended without a new version" if killed else "Version 2.2.0 is made") == 2
        )
        await after.stop()


async def test_where_torch_is_missing_it_says_so_and_what_to_do(tmp_path: Path) -> None:
    async with training_stage(tmp_path, f"{COMMAND} --broken yes") as stage:
        stage.press(await stage.say(ADMIN, "/retrain", "makes the next version"), "Start")
        await stage.reply(ADMIN, "No module named 'torch'")


async def test_a_machine_that_cannot_train_says_so_in_one_line_in_both_languages(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        await stage.audience(ADMIN)
        await stage.say(ADMIN, "/retrain", "This machine cannot train: set RETRAIN_COMMAND")
        await stage.database.users.set_language(ADMIN, "ru")
        await stage.say(ADMIN, "/retrain", "На этой машине обучать нельзя: задайте RETRAIN_COMMAND")


async def test_to_others_it_does_not_exist(tmp_path: Path) -> None:
    async with training_stage(tmp_path) as stage:
        unknown = await stage.say(EMMA, "/nonsense", "")
        assert (await stage.say(EMMA, "/retrain", "")).text == unknown.text
        stage.forge(EMMA, "retrain:start")
        calls = stage.sandbox.world.calls
        answer = await stage.until(lambda: next((each for each in calls if each.method == "answerCallbackQuery"), None))
        assert answer.params["text"] == "This button no longer works."
        assert await stage.database.retrainings.current() is None


async def test_one_at_a_time_across_bots_until_nobody_watches_it_any_more(tmp_path: Path) -> None:
    async with open_stage(tmp_path) as stage:
        kept, now = stage.database.retrainings, datetime.now(UTC)
        assert await kept.begin(Retraining(ADMIN, 7, "one /data", now))
        assert not await kept.begin(Retraining(ADMIN, 8, "two /data", now))
        await stage.say(ADMIN, "/retrain", "on one. There is one at a time.")
        assert not await kept.end("two /data")
        await kept.watch("one /data", now + FORGOTTEN)
        assert not await kept.begin(Retraining(ADMIN, 8, "two /data", now + FORGOTTEN))
        assert await kept.begin(Retraining(ADMIN, 8, "two /data", now + 3 * FORGOTTEN))


def test_a_second_process_in_the_same_folder_is_refused(tmp_path: Path) -> None:
    running = trainer(tmp_path)
    running.prepare()
    running.pool.mkdir()
    (running.pool / "labels.csv").touch()
    running.start()
    with pytest.raises(AlreadyRunning):
        trainer(tmp_path).start()
    # Its secrets stay with the bot.
    (running.folder / "go").touch()
    while running.is_running():
        pass
    assert (running.folder / PROGRESS).is_file()

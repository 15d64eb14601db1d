"""The button "For my doctor": one report for each press, for its owner alone; and the link that a report carries."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path

import pytest

from bot.photos.asked import received
from bot.results import Result, to_stored
from bot.samples import sample
from bot.sandbox.faults import Fault
from bot.ui.buttons import keyboard
from bot.ui.callbacks import Report
from inference.analysis import Refusal, Risk
from inference.engine.engine import Engine
from storage.records import Outcome
from tests.bot.examinations import ExaminingPool
from tests.bot.examples import result_for
from tests.bot.stage import EMMA, IVAN, Stage, open_stage


@asynccontextmanager
async def stage_with_reports(folder: Path) -> AsyncIterator[tuple[Stage, ExaminingPool]]:
    pool = ExaminingPool()
    async with open_stage(folder, Engine(pool)) as stage:
        yield stage, pool


async def answered(stage: Stage, user: int, result: Result) -> int:
    """The number of a request that was closed before; Telegram has its file."""
    await stage.audience(user)
    [sent] = await stage.people.send_photos(user, [sample("mole")], None)
    await stage.reply(user, "", after=sent.message_id)
    known = asdict(received(sent)) | {"message_id": 10_000 + sent.message_id}
    request, _ = await stage.database.requests.record(**known)
    outcome = Outcome.ANSWERED if result.label else Outcome.REFUSED
    await stage.database.requests.complete(request.id, outcome, to_stored(result, None), None)
    return request.id


async def press(stage: Stage, user: int, request_id: int) -> str:
    """Press the button of any request, under a message of one's own."""
    data = Report(request_id=request_id).pack()
    shown = await stage.bot.send_message(user, "an answer", reply_markup=keyboard([("a button", data)]))
    return stage.people.press(user, shown.message_id, data).callback_query_id


async def documents(stage: Stage, user: int, number: int) -> list[str]:
    """The names of the files that somebody got, once there are this many."""

    def found() -> list[str] | None:
        names = [each.document.file_name or "" for each in stage.heard(user) if each.document]
        return names if len(names) >= number else None

    return await stage.until(found)


@pytest.mark.parametrize(("user", "name", "words"), [(EMMA, "report-", "For a doctor"), (IVAN, "отчёт-", "Для врача")])
async def test_the_owner_gets_a_report_in_their_language(tmp_path: Path, user: int, name: str, words: str) -> None:
    async with stage_with_reports(tmp_path) as (stage, _pool):
        request = await answered(stage, user, result_for("nv", Risk.LOW))
        await press(stage, user, request)
        sent = await stage.reply(user, words)
        assert sent.document is not None
        assert (sent.document.file_name or "").startswith(name)
        assert sent.document.mime_type == "application/pdf"
        assert sent.reply_markup is not None
        [[copy]] = sent.reply_markup.inline_keyboard
        assert copy.copy_text is not None and copy.copy_text.text.endswith(f"?start=result_{request}")


async def test_two_presses_at_once_make_one_report(tmp_path: Path) -> None:
    async with stage_with_reports(tmp_path) as (stage, pool):
        request = await answered(stage, EMMA, result_for("nv", Risk.LOW))
        pool.go.clear()
        first = await press(stage, EMMA, request)
        presses = stage.sandbox.world.people[EMMA].presses
        assert "writing the report" in (await stage.until(lambda: presses[first].text))
        second = await press(stage, EMMA, request)
        assert "already" in (await stage.until(lambda: presses[second].text))
        pool.go.set()
        assert len(await documents(stage, EMMA, 1)) == 1
        # What is made is not kept for ever: it may be asked for again.
        await press(stage, EMMA, request)
        await documents(stage, EMMA, 2)


async def test_nobody_gets_a_report_of_what_is_not_theirs_or_was_never_answered(tmp_path: Path) -> None:
    async with stage_with_reports(tmp_path) as (stage, _pool):
        of_emma = await answered(stage, EMMA, result_for("nv", Risk.LOW))
        refused = await answered(stage, EMMA, Result(reason=Refusal.BLURRED))
        await stage.audience(IVAN)
        assert await stage.alert(IVAN, await press(stage, IVAN, of_emma)) == "Этого результата больше нет."
        assert await stage.alert(EMMA, await press(stage, EMMA, refused)) == "This result is no longer there."
        assert not [each for user in (EMMA, IVAN) for each in stage.heard(user) if each.document]


async def test_a_photo_that_telegram_no_longer_has_is_told(tmp_path: Path) -> None:
    async with stage_with_reports(tmp_path) as (stage, _pool):
        request = await answered(stage, EMMA, result_for("nv", Risk.LOW))
        stage.sandbox.world.faults.faults.append(Fault(kind="file_expired", method="download"))
        await press(stage, EMMA, request)
        await stage.reply(EMMA, "The file is no longer available")


async def test_the_link_of_a_report_opens_the_result_for_its_owner_alone(tmp_path: Path) -> None:
    async with stage_with_reports(tmp_path) as (stage, _pool):
        request = await answered(stage, EMMA, result_for("nv", Risk.LOW))
        await stage.say(EMMA, f"/start result_{request}", "mole (melanocytic nevus)")
        await stage.audience(IVAN)
        await stage.say(IVAN, f"/start result_{request}", "среди ваших такого нет")
        await stage.say(EMMA, "/start result_999999999999999", "not among yours")
        # What is no link of ours is a plain /start.
        for payload in ("result_", "result_9999999999999999", "result_x"):
            await stage.say(EMMA, f"/start {payload}", "Send me a close-up photo")

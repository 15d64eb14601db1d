"""Past results: the pages of /history, which only their owner can see."""

import pytest

from bot.results import Result, to_stored
from bot.sandbox.faults import Fault
from bot.ui.callbacks import HistoryEntry
from inference.analysis import CLASSES, Risk
from storage.records import Outcome, Request
from tests.bot.examples import result_for
from tests.bot.stage import EMMA, IVAN, Stage


async def test_every_page_ends_with_the_line_that_nothing_is_a_diagnosis(stage: Stage) -> None:
    await stage.audience(EMMA)
    for number in range(6):
        request, _ = await stage.database.requests.record(EMMA, EMMA, 900 + number, None, "file", "unique", "photo")
        result = to_stored(result_for("nv", Risk.LOW), None)
        await stage.database.requests.complete(request.id, Outcome.ANSWERED, result, None)
    first = await stage.say(EMMA, "/history", "page 1 of 2")
    stage.press(first, "Older ›")
    second = await stage.reply(EMMA, "page 2 of 2")
    for page in (first, second):
        assert (page.text or "").splitlines()[-1] == "Not a diagnosis. Unsure? See a doctor."


async def answered(stage: Stage, user: int) -> Request:
    """An answered request of somebody in the database."""
    await stage.audience(user)
    request, _ = await stage.database.requests.record(user, user, 900, None, "file", "unique", "photo")
    result = Result("nv", dict.fromkeys(CLASSES, 0.0) | {"nv": 1.0}, Risk.LOW)
    await stage.database.requests.complete(request.id, Outcome.ANSWERED, to_stored(result, None), "gone")
    return request


@pytest.mark.parametrize("refused", [False, True])
async def test_times_are_in_the_readers_own_zone_where_telegram_can(stage: Stage, refused: bool) -> None:
    request = await answered(stage, EMMA)
    if refused:
        stage.sandbox.world.faults.faults.append(Fault(kind="unknown_tag", method="sendMessage"))
    page = await stage.say(EMMA, "/history", "Your results")
    dated = [each for each in page.entities or () if each.type == "date_time"]
    assert [each.unix_time for each in dated] == ([] if refused else [int(request.created_at.timestamp())])
    assert f"{request.created_at:%H:%M} UTC" in (page.text or "")


async def test_a_forged_button_does_not_open_the_result_of_somebody_else(stage: Stage) -> None:
    request = await answered(stage, EMMA)
    await stage.audience(IVAN)
    stage.forge(IVAN, HistoryEntry(request_id=request.id).pack())

    def refused() -> str | None:
        calls = [each for each in stage.sandbox.world.calls if each.method == "answerCallbackQuery"]
        return next((str(each.params["text"]) for each in calls), None)

    assert await stage.until(refused) == "Этого результата больше нет."
    assert stage.heard(IVAN) == []


async def test_the_owner_opens_it_even_where_telegram_has_lost_the_photo(stage: Stage) -> None:
    request = await answered(stage, EMMA)
    stage.forge(EMMA, HistoryEntry(request_id=request.id).pack())
    shown = await stage.reply(EMMA, "mole (melanocytic nevus)")
    assert "Not a diagnosis" in (shown.text or "")

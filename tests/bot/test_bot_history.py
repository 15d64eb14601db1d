"""The pages of /history."""

from bot.results import to_stored
from inference.analysis import Risk
from storage.records import Outcome
from tests.bot.stage import EMMA, Stage
from tests.bot.test_bot_replies import result_for


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
        assert (page.text or "").splitlines()[-1] == "This is not a diagnosis. If in doubt, see a doctor."

"""Answers that Telegram does not accept."""

from dataclasses import asdict

import pytest

from bot.photos.asked import received
from bot.photos.delivery import Picture, send_album
from bot.results import Result
from bot.samples import sample
from bot.sandbox.faults import Fault
from bot.ui import replies
from bot.ui.i18n import load_i18n
from inference.analysis import Refusal, Risk
from tests.bot.examples import result_for
from tests.bot.stage import EMMA, Stage

BLURRED = Result(reason=Refusal.BLURRED)
MOLE, CANCER = result_for("nv", Risk.LOW, mel=0.004, bcc=0.02), result_for("mel", Risk.HIGH, nv=0.3, vasc=0.01)


@pytest.mark.parametrize(
    ("method", "results"), [("sendMediaGroup", [MOLE, BLURRED, CANCER]), ("sendPhoto", [BLURRED, CANCER])]
)
async def test_an_album_that_is_not_taken_is_answered_photo_by_photo(
    stage: Stage, method: str, results: list[Result]
) -> None:
    sent = await stage.people.send_photos(EMMA, [sample("mole")] * len(results), None)
    await stage.reply(EMMA, "I have not looked at this photo yet")
    requests = [(await stage.database.requests.record(**asdict(received(each))))[0] for each in sent]
    album: list[Picture] = [
        (request, each, sample("mole") if each.label else None) for request, each in zip(requests, results, strict=True)
    ]
    stage.sandbox.world.faults.faults.append(Fault(kind="file_expired", method=method))
    before = len(stage.heard(EMMA))
    with load_i18n().context():
        assert await send_album(stage.bot, album) == {}
        actions = {id(each): replies.action(each) for each in results}
    answers = stage.heard(EMMA)[before:]
    assert [each.reply_to_message and each.reply_to_message.message_id for each in answers] == [
        each.message_id for each in sent
    ]
    for answer, result in zip(answers, results, strict=True):
        lines = (answer.text or "").splitlines()
        if result.label is None:
            assert lines[0] == "This photo is blurred"
            continue
        assert lines[0] == actions[id(result)]
        assert sum("% " in line or line.endswith("%") for line in lines) >= 3, "the likeliest kinds"
        assert lines[-1] == "Not a diagnosis. Unsure? See a doctor."
        assert "All kinds" in str(answer.reply_markup)

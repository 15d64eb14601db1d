"""What a doctor said later is kept with the result, for its owner alone."""

from pathlib import Path

import pytest

from bot.handlers.verdicts import Biopsy, DoctorSaid
from bot.ui.callbacks import WasRight
from storage.records import Verdict
from tests.bot.moles.following import answered, stage_with_moles, tap
from tests.bot.stage import EMMA, IVAN


@pytest.mark.parametrize(
    ("user", "question", "label", "biopsy", "thanks"),
    [
        (EMMA, "what did they call it?", "mole (melanocytic nevus)", "Yes", "I have noted it"),
        (IVAN, "как он его назвал?", "родинка (невус)", "Да", "Записано"),
    ],
)
async def test_two_taps_keep_what_the_doctor_said(
    tmp_path: Path, user: int, question: str, label: str, biopsy: str, thanks: str
) -> None:
    async with stage_with_moles(tmp_path) as (stage, _pool):
        request = await answered(stage, user)
        await tap(stage, user, WasRight(request_id=request).pack())
        asked = await stage.reply(user, question)
        stage.press(asked, label)
        messages = stage.sandbox.world.people[user].messages
        await stage.until(lambda: "biops" in str(messages[asked.message_id].reply_markup))
        stage.press(messages[asked.message_id], biopsy)
        await stage.reply(user, thanks)
        assert await stage.database.verdicts.of(request, user) == Verdict("nv", True)
        # Told again, the later one counts.
        await tap(stage, user, Biopsy(request_id=request, label="mel", taken=False).pack())
        await stage.until(lambda: stage.deliveries(user, thanks) == 2)
        exported = await stage.database.verdicts.export(user)
        assert [(each["request_id"], each["label"], each["biopsy"]) for each in exported] == [(request, "mel", False)]
        await stage.database.users.delete(user)
        assert await stage.database.verdicts.export(user) == []


async def test_nobody_tells_of_the_result_of_somebody_else(tmp_path: Path) -> None:
    async with stage_with_moles(tmp_path) as (stage, _pool):
        request = await answered(stage, EMMA)
        await stage.audience(IVAN)
        forged = (
            WasRight(request_id=request).pack(),
            DoctorSaid(request_id=request, label="mel").pack(),
            Biopsy(request_id=request, label="mel", taken=True).pack(),
        )
        for data in forged:
            assert await stage.alert(IVAN, await tap(stage, IVAN, data)) == "Этого результата больше нет."
        assert await stage.database.verdicts.of(request, EMMA) is None


async def test_a_class_that_there_is_not_is_a_stale_button(tmp_path: Path) -> None:
    async with stage_with_moles(tmp_path) as (stage, _pool):
        request = await answered(stage, EMMA)
        pressed = await tap(stage, EMMA, Biopsy(request_id=request, label="flu", taken=True).pack())
        presses = stage.sandbox.world.people[EMMA].presses
        assert await stage.until(lambda: presses[pressed].text) == "This button no longer works."
        assert await stage.database.verdicts.export(EMMA) == []

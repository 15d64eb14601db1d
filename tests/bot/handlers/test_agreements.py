"""What a person agrees to, each by itself, and what keeping a photo is good for."""

from pathlib import Path

import pytest

from bot.moles.buttons import Act, AddTo, OfMole
from bot.sandbox.faults import Fault
from bot.ui.callbacks import Agree, Matter, Show
from storage.records import Purpose
from tests.bot.moles.following import answered, begun, stage_with_moles, tap
from tests.bot.stage import EMMA, IVAN, Stage


@pytest.mark.parametrize(
    ("user", "button", "title", "keep", "training"),
    [
        (EMMA, "What I agree to", "What you agree to", "Keep photos of moles", "Training"),
        (IVAN, "На что я даю согласие", "На что вы даёте согласие", "Хранить фото родинок", "Обучение моделей"),
    ],
)
async def test_each_agreement_is_switched_by_itself(
    stage: Stage, user: int, button: str, title: str, keep: str, training: str
) -> None:
    await stage.audience(user)
    privacy = await stage.say(user, "/privacy", "")
    stage.press(privacy, button)
    screen = await stage.reply(user, title, after=privacy.message_id)
    messages = stage.sandbox.world.people[user].messages

    async def turned(label: str, wanted: str) -> None:
        stage.press(messages[screen.message_id], label)
        await stage.until(lambda: wanted in str(messages[screen.message_id].reply_markup))

    await turned(f"⬜ {keep}", f"✅ {keep}")
    assert await stage.database.consents.of(user) == {Purpose.PHOTOS}
    await turned(f"⬜ {training}", f"✅ {training}")
    assert await stage.database.consents.who_agrees(Purpose.TRAINING) == [user]
    await turned(f"✅ {keep}", f"⬜ {keep}")
    assert await stage.database.consents.of(user) == {Purpose.TRAINING}


async def test_the_agreement_to_the_terms_is_taken_back_after_a_question(stage: Stage) -> None:
    await stage.audience(EMMA)
    await stage.database.consents.give(EMMA, Purpose.PHOTOS)
    await tap(stage, EMMA, Show.AGREEMENTS)
    stage.press(await stage.reply(EMMA, "What you agree to"), "Take my agreement back")
    question = await stage.reply(EMMA, "Take your agreement back?")
    stage.press(question, "Yes, take it back")
    messages = stage.sandbox.world.people[EMMA].messages
    await stage.until(lambda: "You have not agreed to the terms" in (messages[question.message_id].text or ""))
    user = await stage.database.users.get(EMMA)
    assert user is not None and user.consented_at is None
    assert await stage.database.consents.of(EMMA) == frozenset()
    refused = await tap(stage, EMMA, Agree(matter=Matter.PHOTOS, wanted=True).pack())
    assert await stage.alert(EMMA, refused) == "Agree to the terms first: /start"
    assert await stage.database.consents.of(EMMA) == frozenset()


async def test_a_kept_photo_is_compared_when_telegram_has_it_no_more(tmp_path: Path) -> None:
    async with stage_with_moles(tmp_path) as (stage, _pool):
        await stage.audience(EMMA)
        await stage.database.consents.give(EMMA, Purpose.PHOTOS)
        mole = await begun(stage, EMMA, await answered(stage, EMMA))
        second = await answered(stage, EMMA)
        await tap(stage, EMMA, AddTo(request_id=second, mole_id=mole.id).pack())
        shown = await stage.reply(EMMA, "Photos: 2")
        stage.sandbox.world.faults.faults.append(Fault(kind="file_lost", method="download", times=1000))
        await tap(stage, EMMA, OfMole(act=Act.COMPARE, mole_id=mole.id).pack())
        compared = await stage.reply(EMMA, "Photos: 2", after=shown.message_id)
        assert compared.photo
        # The agreement is taken back: the photos are gone at once.
        await tap(stage, EMMA, Agree(matter=Matter.PHOTOS, wanted=False).pack())
        await stage.reply(EMMA, "What you agree to")
        assert await stage.database.mole_pictures.kept_of(EMMA) == []
        await tap(stage, EMMA, OfMole(act=Act.COMPARE, mole_id=mole.id).pack())
        await stage.reply(EMMA, "I could not get this photo from Telegram")


async def test_without_an_agreement_no_photo_is_kept(tmp_path: Path) -> None:
    async with stage_with_moles(tmp_path) as (stage, _pool):
        await begun(stage, EMMA, await answered(stage, EMMA))
        assert await stage.database.mole_pictures.kept_of(EMMA) == []


async def test_the_banned_still_decide(stage: Stage) -> None:
    await stage.audience(EMMA)
    await stage.database.consents.give(EMMA, Purpose.TRAINING)
    await stage.application.access.ban(1, EMMA)
    await tap(stage, EMMA, Agree(matter=Matter.TRAINING, wanted=False).pack())
    await stage.reply(EMMA, "What you agree to")
    assert await stage.database.consents.of(EMMA) == frozenset()

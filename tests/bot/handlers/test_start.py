"""The agreement: one question has the button, and photos that came before it are offered once it is given."""

import pytest

from bot.samples import sample
from bot.talk.symptoms import symptoms_in
from bot.ui.callbacks import Show
from tests.bot.moles.following import tap
from tests.bot.photos.test_outbox import ANSWER, all_closed, moles
from tests.bot.stage import IVAN, Stage

__all__ = ["moles"]

RUSSIAN_ANSWER = "родинка (невус)"


def questions(stage: Stage, user: int) -> list[int]:
    """The messages with the button of the agreement."""
    return [each.message_id for each in stage.heard(user) if Show.CONSENT in str(each.reply_markup)]


async def test_of_several_questions_the_last_one_alone_has_the_button(stage: Stage) -> None:
    asked = [await stage.say(IVAN, "/start", "Кем я не являюсь") for _ in range(2)]
    await stage.people.send_photos(IVAN, [sample("mole")], None)
    asked.append(await stage.reply(IVAN, "нужно ваше согласие"))
    await stage.until(lambda: questions(stage, IVAN) == [asked[-1].message_id])
    now = stage.sandbox.world.people[IVAN].messages
    assert all("Кем я не являюсь" in (now[each.message_id].text or "") for each in asked)


async def test_photos_before_the_agreement_are_offered_after_it_and_read_once(moles: Stage) -> None:
    [photo] = await moles.people.send_photos(IVAN, [sample("mole")], None)
    asked = await moles.reply(IVAN, "нужно ваше согласие")
    await all_closed(moles)
    await moles.say(IVAN, "/history", "пока нет результатов")
    await tap(moles, IVAN, Show.CONSENT)
    offer = await moles.reply(IVAN, "Прочитать фото, которое вы только что прислали?", after=asked.message_id)
    moles.press(offer, "Да, прочитать")
    moles.press(offer, "Да, прочитать")
    answer = await moles.reply(IVAN, RUSSIAN_ANSWER)
    assert answer.reply_to_message is not None and answer.reply_to_message.message_id == photo.message_id
    await all_closed(moles)
    assert moles.deliveries(IVAN, RUSSIAN_ANSWER) == 1


async def test_whoever_does_not_want_them_read_is_told_how_to_go_on(moles: Stage) -> None:
    await moles.people.send_photos(IVAN, [sample("mole")] * 2, None)
    await moles.reply(IVAN, "нужно ваше согласие")
    await tap(moles, IVAN, Show.CONSENT)
    offer = await moles.reply(IVAN, "Прочитать фото, которые вы только что прислали?")
    moles.press(offer, "Нет")
    now = moles.sandbox.world.people[IVAN].messages
    await moles.until(lambda: "Хорошее фото" in (now[offer.message_id].text or ""))
    assert moles.deliveries(IVAN, RUSSIAN_ANSWER) == 0


async def test_nothing_is_read_by_that_button_before_the_agreement(moles: Stage) -> None:
    await moles.people.send_photos(IVAN, [sample("mole")], None)
    await moles.reply(IVAN, "нужно ваше согласие")
    await all_closed(moles)
    await tap(moles, IVAN, Show.READ_EARLIER)
    await moles.say(IVAN, "/help", "Хорошее фото")
    assert await moles.database.requests.unfinished() == []
    assert moles.deliveries(IVAN, ANSWER) == moles.deliveries(IVAN, RUSSIAN_ANSWER) == 0


@pytest.mark.parametrize("said", ["It bleeds", "itches", "hurts", "grows", "changes", "кровоточит", "чешется", "болит"])
def test_what_the_answer_to_a_recording_asks_for_is_understood(said: str) -> None:
    assert symptoms_in(said)

"""/label and /labels: a reviewer's way through a photo, two people who differ, and buttons that come too late."""

import pytest
from aiogram.types import Message

from bot.learning.buttons import GiveLabel, ShowOutline, TakeBack, TakeOutline
from bot.learning.words import final_label
from storage.audit import Action
from storage.labels import NO_OUTLINE
from storage.records import Purpose
from storage.staff import Role
from tests.bot.learning.filling import PEOPLE, agree, keep, label
from tests.bot.moles.following import tap
from tests.bot.stage import ADMIN, EMMA, IVAN, Stage

OWNER = PEOPLE[0]
ENGLISH = {
    "what": "What is it?",
    "melanoma": "Melanoma",
    "outline": "Is this outline right? It is {} of 2.",
    "other": "Another outline",
    "right": "It is right",
    "said": "You said: Melanoma.",
    "revealed": "I had said: 🔵 Melanocytic nevus 80%, Melanoma 20%.",
    "wanted": "One more label is wanted.",
    "next": "Next photo",
    "none": "There is no photo for you to label now.",
    "begun": "More labels wanted: 1",
}
RUSSIAN = {
    "what": "Что это?",
    "melanoma": "Меланома",
    "outline": "Верный ли это контур? {}-й из 2.",
    "other": "Другой контур",
    "right": "Верный",
    "said": "Ваш ответ: Меланома.",
    "revealed": "Мой ответ был: 🔵 Меланоцитарный невус 80\xa0%, Меланома 20\xa0%.",
    "wanted": "Нужен ещё один ответ.",
    "next": "Следующее фото",
    "none": "Сейчас для вас нет фото для разметки.",
    "begun": "Нужны ещё ответы: 1",
}


async def given(stage: Stage, *photos: int) -> list[int]:
    """Photos in the pool."""
    await agree(stage.database, OWNER)
    return [await keep(stage.database, OWNER, number) for number in photos or (1,)]


async def reviewer(stage: Stage, user: int) -> None:
    await stage.audience(user)
    await stage.application.access.grant(ADMIN, user, Role.REVIEWER)


async def shown(stage: Stage, message: Message, part: str) -> Message:
    """A message as it is, once it says this."""
    messages = stage.sandbox.world.people[message.chat.id].messages
    await stage.until(lambda: part in (messages[message.message_id].caption or ""))
    return messages[message.message_id]


@pytest.mark.parametrize(("user", "says"), [(EMMA, ENGLISH), (IVAN, RUSSIAN)])
async def test_a_photo_is_labelled_outlined_and_only_then_told(stage: Stage, user: int, says: dict[str, str]) -> None:
    [number] = await given(stage)
    await reviewer(stage, user)
    photo = await stage.say(user, "/label", says["what"])
    assert photo.photo and "80" not in (photo.caption or "")
    sent = next(each for each in reversed(stage.sandbox.world.calls) if each.method == "sendPhoto")
    assert sent.params["protect_content"]
    stage.press(photo, says["melanoma"])
    asked = await shown(stage, photo, says["outline"].format(1))
    assert says["said"] in (asked.caption or "") and "80" not in (asked.caption or "")
    assert asked.photo and asked.photo[-1].file_unique_id != photo.photo[-1].file_unique_id
    stage.press(asked, says["other"])
    second = await shown(stage, photo, says["outline"].format(2))
    stage.press(second, says["right"])
    told = await shown(stage, photo, says["wanted"])
    assert says["said"] in (told.caption or "") and says["revealed"] in (told.caption or "")
    [said] = await stage.database.labels.of(number)
    assert (said.label, said.outline) == ("mel", 1)
    stage.press(told, says["next"])
    end = await stage.reply(user, says["none"], after=photo.message_id)
    assert says["begun"] in (end.text or "")
    assert photo.message_id not in stage.sandbox.world.people[user].messages
    entries, _ = await stage.database.staff.audit_page(0, 1)
    assert [(each.actor_id, each.action, each.detail) for each in entries] == [(user, Action.LABEL, str(number))]


async def test_what_was_left_in_the_middle_goes_on_with_its_outline(stage: Stage) -> None:
    first, second = await given(stage, 1, 2)
    await reviewer(stage, EMMA)
    photo = await stage.say(EMMA, "/label", f"Photo {first}.")
    stage.press(photo, "Unsure")
    asked = await shown(stage, photo, "Is this outline right?")
    stage.press(asked, "Enough for now")
    left = await stage.reply(EMMA, "/label goes on where you stopped", after=photo.message_id)
    again = await stage.say(EMMA, "/label", "Is this outline right?")
    assert photo.message_id not in stage.sandbox.world.people[EMMA].messages and again.message_id > left.message_id
    stage.press(again, "None is right")
    await shown(stage, again, "I had said:")
    assert [(each.label, each.outline) for each in await stage.database.labels.of(first)] == [("unsure", NO_OUTLINE)]
    stage.press(stage.sandbox.world.people[EMMA].messages[again.message_id], "Next photo")
    await stage.reply(EMMA, f"Photo {second}.", after=again.message_id)


async def test_no_outline_is_asked_for_where_there_is_no_lesion(stage: Stage) -> None:
    await given(stage)
    await reviewer(stage, EMMA)
    photo = await stage.say(EMMA, "/label", "What is it?")
    stage.press(photo, "Not a lesion")
    await shown(stage, photo, "I had said:")


async def test_a_slip_becomes_unsure_and_two_others_are_asked(stage: Stage) -> None:
    [number] = await given(stage)
    await reviewer(stage, EMMA)
    photo = await stage.say(EMMA, "/label", "What is it?")
    stage.press(photo, "Not a lesion")
    slip = await shown(stage, photo, "You said: Not a lesion.")
    stage.press(slip, "That was a slip")
    after = await shown(stage, photo, "You said: Unsure.")
    assert "That was a slip" not in str(after.reply_markup)
    await label(stage.database, number, "nv", "nv")
    [in_pool] = [each async for each in stage.database.training_pool.all()]
    assert final_label(in_pool) == "nv"
    entries, _ = await stage.database.staff.audit_page(0, 10)
    assert [each.action for each in entries if each.actor_id == EMMA] == [Action.LABEL_REPLACE, Action.LABEL]
    again = await tap(stage, EMMA, TakeBack(request_id=number).pack())
    known = stage.sandbox.world.people[EMMA].presses
    await stage.until(lambda: known[again].answered)
    assert known[again].text == "This is noted already."


async def test_two_taps_at_once_count_once(stage: Stage) -> None:
    [number] = await given(stage)
    await reviewer(stage, EMMA)
    photo = await stage.say(EMMA, "/label", "What is it?")
    presses = [stage.press(photo, each) for each in ("Melanoma", "Melanocytic nevus")]
    known = stage.sandbox.world.people[EMMA].presses
    await stage.until(lambda: all(known[each].answered for each in presses))
    assert sorted(known[each].text or "" for each in presses) == ["", "This is noted already."]
    [said] = await stage.database.labels.of(number)
    await shown(stage, photo, "Is this outline right?")
    late = [await tap(stage, EMMA, TakeOutline(request_id=number, candidate=each).pack()) for each in (0, 1)]
    await stage.until(lambda: all(known[each].answered for each in late))
    [judged] = await stage.database.labels.of(number)
    assert judged.label == said.label and judged.outline in (0, 1)


async def test_two_who_differ_are_settled_by_a_third_and_the_agreement_is_shown(stage: Stage) -> None:
    alike, disputed = await given(stage, 1, 2)
    await label(stage.database, alike, "nv", "nv")
    await label(stage.database, disputed, "mel", "nv")
    await reviewer(stage, EMMA)
    await stage.say(EMMA, "/labels", "Undecided after three: 0")
    photo = await stage.say(EMMA, "/label", f"Photo {disputed}.")
    stage.press(photo, "Melanoma")
    asked = await shown(stage, photo, "Is this outline right?")
    stage.press(asked, "It is right")
    await shown(stage, photo, "The label is decided.")
    summary = await stage.say(EMMA, "/labels", "Decided: 2")
    text = summary.text or ""
    assert "The first two labels are the same: 1 of 2" in text and "Cohen's kappa: 0.00" in text
    assert "of 2000 MB" in text


async def test_a_button_of_a_photo_that_was_taken_back_says_so_and_takes_it_away(stage: Stage) -> None:
    [number] = await given(stage)
    await reviewer(stage, EMMA)
    photo = await stage.say(EMMA, "/label", "What is it?")
    await stage.database.consents.withdraw(OWNER, Purpose.TRAINING)
    gone = "This photo is no longer in the pool."
    assert await stage.alert(EMMA, stage.press(photo, "Melanoma")) == gone
    await stage.until(lambda: photo.message_id not in stage.sandbox.world.people[EMMA].messages)
    for data in (ShowOutline(request_id=number, candidate=0), TakeOutline(request_id=number, candidate=0)):
        assert await stage.alert(EMMA, await tap(stage, EMMA, data.pack())) == gone


async def test_nobody_labels_their_own_photo(stage: Stage) -> None:
    await reviewer(stage, EMMA)
    await agree(stage.database, EMMA)
    number = await keep(stage.database, EMMA, 1)
    await stage.say(EMMA, "/label", "There is no photo for you to label now.")
    pressed = await tap(stage, EMMA, GiveLabel(request_id=number, label="nv").pack())
    assert await stage.alert(EMMA, pressed) == "This photo is no longer in the pool."
    assert await stage.database.labels.of(number) == []


async def test_to_others_labelling_does_not_exist(stage: Stage) -> None:
    [number] = await given(stage)
    await stage.audience(EMMA)
    for command in ("/label", "/labels"):
        await stage.say(EMMA, command, "I do not understand this")
    presses = stage.sandbox.world.people[EMMA].presses
    for data in (
        GiveLabel(request_id=number, label="nv").pack(),
        ShowOutline(request_id=number, candidate=0).pack(),
        TakeOutline(request_id=number, candidate=0).pack(),
        "label:next",
    ):
        pressed = await tap(stage, EMMA, data)
        assert await stage.until(lambda pressed=pressed: presses[pressed].text) == "This button no longer works."
    assert await stage.database.labels.of(number) == []


async def test_an_outline_or_a_label_that_there_is_not_is_a_stale_button(stage: Stage) -> None:
    [number] = await given(stage)
    await reviewer(stage, EMMA)
    presses = stage.sandbox.world.people[EMMA].presses
    pressed = await tap(stage, EMMA, GiveLabel(request_id=number, label="flu").pack())
    assert await stage.until(lambda: presses[pressed].text) == "This button no longer works."
    await stage.database.labels.give(number, EMMA, "nv", outlines=True)
    pressed = await tap(stage, EMMA, TakeOutline(request_id=number, candidate=7).pack())
    assert await stage.alert(EMMA, pressed) == "This photo is no longer in the pool."
    [said] = await stage.database.labels.of(number)
    assert said.outline_open

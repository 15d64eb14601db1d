"""An announcement until it is sent: its preview, and what becomes of a draft."""

from aiogram.types import MessageEntity

from bot.samples import sample
from bot.sandbox.faults import Fault
from tests.bot.stage import ADMIN, EMMA, IVAN, Stage


async def test_a_preview_is_what_recipients_get(stage: Stage) -> None:
    await stage.audience(EMMA, 2001)
    bold = [MessageEntity(type="bold", offset=2, length=6), MessageEntity(type="italic", offset=9, length=5)]
    text = "🔬 Better model <now>"
    await stage.say(ADMIN, "/broadcast", "Send me the announcement")
    question = await stage.say(ADMIN, text, "Recipients: 2", bold)
    preview = await stage.reply(ADMIN, text)
    assert await stage.database.broadcasts.running() == []
    assert not stage.heard(EMMA)

    stage.press(question, "📣 Send it")
    got = await stage.reply(EMMA, text)
    assert (got.text, got.entities) == (text, preview.entities)
    assert [(each.type, each.offset, each.length) for each in got.entities or []] == [("bold", 2, 6), ("italic", 9, 5)]
    assert got.reply_markup == preview.reply_markup
    assert (await stage.until(lambda: stage.finished(question))).text == (
        "📣 The announcement is sent.\nReceived: 2 of 2"
    )


async def test_a_photo_with_a_caption(stage: Stage) -> None:
    await stage.audience(EMMA)
    await stage.say(ADMIN, "/broadcast", "Send me the announcement")
    (photo,) = await stage.people.send_photos(ADMIN, [sample("mole")], "Look: better outlines")
    question = await stage.reply(ADMIN, "Recipients: 1", photo.message_id)
    # The inbox takes every photo for a request; this one must not be read, now or after a restart.
    assert await stage.database.requests.unfinished() == []
    stage.press(question, "📣 Send it")
    got = await stage.reply(EMMA, "Look: better outlines")
    assert got.photo is not None and photo.photo is not None
    assert got.photo[-1].file_unique_id == photo.photo[-1].file_unique_id
    await stage.until(lambda: stage.finished(question))


async def test_a_recipient_opts_out_in_their_own_language(stage: Stage) -> None:
    await stage.audience(IVAN)
    await stage.announce("Новости")
    got = await stage.reply(IVAN, "Новости")
    press = stage.press(got, "🔕 Больше не присылать объявления")
    await stage.alert(IVAN, press)
    user = await stage.database.users.get(IVAN)
    assert user is not None and not user.announcements


async def test_a_cancelled_draft_goes_nowhere(stage: Stage) -> None:
    await stage.audience(EMMA)
    question = await stage.draft()
    stage.press(question, "Cancel")
    await stage.reply(ADMIN, "Cancelled. Nothing was sent.")
    assert not stage.heard(EMMA)
    assert await stage.database.broadcasts.running() == []


async def test_a_cancelled_draft_cannot_be_sent_after_all(stage: Stage) -> None:
    await stage.audience(EMMA)
    draft = await stage.database.broadcasts.create(ADMIN, ADMIN, "text", "news", "[]", None)
    assert await stage.database.broadcasts.cancel(draft.id)
    question = await stage.draft()
    assert question.reply_markup is not None
    send, _cancel = question.reply_markup.inline_keyboard[0]
    stale = send.model_copy(update={"callback_data": f"broadcast:send:{draft.id}"})
    markup = question.reply_markup.model_copy(update={"inline_keyboard": [[stale]]})
    old = stage.sandbox.world.replace(stage.sandbox.world.people[ADMIN], question, {"reply_markup": markup})
    assert (
        await stage.alert(ADMIN, stage.press(old, "📣 Send it")) == "This announcement was already sent or cancelled."
    )
    assert not stage.heard(EMMA)


async def test_a_draft_is_sent_once_however_often_it_is_confirmed(stage: Stage) -> None:
    await stage.audience(EMMA)
    question = await stage.draft()
    too_late = "This announcement was already sent or cancelled."
    presses = [stage.press(question, "📣 Send it") for _ in range(3)]
    alerts = [await stage.alert(ADMIN, press) for press in presses]
    assert alerts.count(too_late) == 2
    await stage.until(lambda: stage.finished(question))
    assert stage.deliveries(EMMA, "A better model.") == 1


async def test_composing_ends_with_its_button(stage: Stage) -> None:
    prompt = await stage.say(ADMIN, "/broadcast", "Send me the announcement")
    stage.press(prompt, "Cancel")
    await stage.reply(ADMIN, "Cancelled. Nothing was sent.")
    assert "I do not understand text" in ((await stage.say(ADMIN, "Not an announcement", "")).text or "")


async def test_composing_ends_with_another_command_which_is_obeyed(stage: Stage) -> None:
    await stage.say(ADMIN, "/broadcast", "Send me the announcement")
    await stage.say(ADMIN, "/stats", "The last 28 days")
    assert "I do not understand text" in ((await stage.say(ADMIN, "Not an announcement", "")).text or "")


async def test_what_cannot_be_announced_is_turned_down_once_and_not_read(stage: Stage) -> None:
    await stage.say(ADMIN, "/broadcast", "Send me the announcement")
    album = await stage.people.send_photos(ADMIN, [sample("mole")] * 3, "three")
    await stage.reply(ADMIN, "one text, or one photo", album[-1].message_id)
    file = stage.people.send_document(ADMIN, sample("mole"), "mole.jpg", "image/jpeg")
    await stage.reply(ADMIN, "one text, or one photo", file.message_id)
    await stage.say(ADMIN, "Then a text", "Recipients: 0")
    turned_down = [each for each in stage.heard(ADMIN) if "one text, or one photo" in (each.text or "")]
    assert len(turned_down) == 2
    assert await stage.database.requests.unfinished() == []


async def test_what_telegram_does_not_accept_is_refused_before_anybody_gets_it(stage: Stage) -> None:
    await stage.audience(EMMA)
    await stage.say(ADMIN, "/broadcast", "Send me the announcement")
    stage.sandbox.world.faults.faults.append(Fault(kind="file_expired", method="sendPhoto"))
    (photo,) = await stage.people.send_photos(ADMIN, [sample("mole")], "caption")
    await stage.reply(ADMIN, "Telegram does not accept this announcement", photo.message_id)
    assert await stage.database.broadcasts.running() == []


async def test_of_two_texts_that_come_together_the_first_is_the_announcement(stage: Stage) -> None:
    await stage.say(ADMIN, "/broadcast", "Send me the announcement")
    stage.people.write(ADMIN, "First half")
    stage.people.write(ADMIN, "Second half")
    await stage.reply(ADMIN, "This is how it will look.")
    await stage.reply(ADMIN, "press /broadcast and send it once more")
    assert sum("This is how it will look." in (each.text or "") for each in stage.heard(ADMIN)) == 1


async def test_after_a_start_the_text_of_an_admin_is_answered_with_a_hint(stage: Stage) -> None:
    """The stage has just been started, so that it expects no announcement."""
    hint = "press /broadcast and send it once more"
    assert hint in ((await stage.say(ADMIN, "An announcement", "")).text or "")
    assert hint not in ((await stage.say(EMMA, "Hello", "")).text or "")

"""An announcement until it is sent: its previews, languages, audience and time, and what becomes of a draft."""

import asyncio
import re

from aiogram.types import Message, MessageEntity

from bot.samples import sample
from bot.sandbox.faults import Fault
from storage import Audience, BroadcastState
from storage.audit import Action
from tests.bot.stage import ADMIN, EMMA, IVAN, Stage

SECOND = "Now the announcement in this language"
OPT_OUT = "🔕 No more announcements"
OPT_OUT_RU = "🔕 Больше не присылать объявления"


async def test_a_preview_is_what_recipients_get(stage: Stage) -> None:
    await stage.audience(EMMA, 2001)
    bold = [MessageEntity(type="bold", offset=2, length=6), MessageEntity(type="italic", offset=9, length=5)]
    text = "🔬 Better model <now>"
    await stage.say(ADMIN, "/broadcast", "Send me the announcement")
    asked = await stage.say(ADMIN, text, "Now the announcement in this language: Русский", bold)
    preview = await stage.reply(ADMIN, text)
    stage.press(asked, "The same for everybody")
    question = await stage.reply(ADMIN, "Recipients: 2")
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
    stage.press(await stage.reply(ADMIN, SECOND, photo.message_id), "The same for everybody")
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
    (send,) = question.reply_markup.inline_keyboard[0]
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
    assert "I do not understand this" in ((await stage.say(ADMIN, "Not an announcement", "")).text or "")


async def test_composing_ends_with_another_command_which_is_obeyed(stage: Stage) -> None:
    await stage.say(ADMIN, "/broadcast", "Send me the announcement")
    await stage.say(ADMIN, "/stats", "The last 28 days")
    assert "I do not understand this" in ((await stage.say(ADMIN, "Not an announcement", "")).text or "")


async def nothing_to_read(stage: Stage) -> None:
    """Wait until every photo that came in is taken back."""
    async with asyncio.timeout(20):
        while await stage.database.requests.unfinished():
            pass


async def test_what_cannot_be_announced_is_turned_down_once_and_not_read(stage: Stage) -> None:
    await stage.say(ADMIN, "/broadcast", "Send me the announcement")
    album = await stage.people.send_photos(ADMIN, [sample("mole")] * 3, "three")
    await stage.reply(ADMIN, "one text, or one photo", album[-1].message_id)
    await nothing_to_read(stage)
    asked = await stage.say(ADMIN, "Then a text", SECOND)
    album = await stage.people.send_photos(ADMIN, [sample("mole")] * 2, "two")
    await stage.reply(ADMIN, "one text, or one photo", asked.message_id)
    await nothing_to_read(stage)
    await stage.say(ADMIN, "И русский текст", "Recipients: 0")
    turned_down = [each for each in stage.heard(ADMIN) if "one text, or one photo" in (each.text or "")]
    assert len(turned_down) == 2
    await nothing_to_read(stage)


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
    await stage.reply(ADMIN, SECOND)
    await stage.reply(ADMIN, "press /broadcast and send it once more")
    assert sum(SECOND in (each.text or "") for each in stage.heard(ADMIN)) == 1


async def test_after_a_start_the_text_of_an_admin_is_answered_with_a_hint(stage: Stage) -> None:
    """The stage has just been started, so that it expects no announcement."""
    hint = "press /broadcast and send it once more"
    assert hint in ((await stage.say(ADMIN, "An announcement", "")).text or "")
    assert hint not in ((await stage.say(EMMA, "Hello", "")).text or "")


def labels(message: Message) -> list[str]:
    assert message.reply_markup is not None
    return [each.text for row in message.reply_markup.inline_keyboard for each in row]


async def test_everybody_gets_the_text_of_their_language_and_the_previews_show_both(stage: Stage) -> None:
    await stage.audience(EMMA, IVAN)
    await stage.say(ADMIN, "/broadcast", "Send me the announcement")
    await stage.say(ADMIN, "A better model", SECOND)
    bold = [MessageEntity(type="bold", offset=0, length=6)]
    question = await stage.say(ADMIN, "Модель лучше", "Recipients: 2", bold)
    assert labels(await stage.reply(ADMIN, "A better model")) == [OPT_OUT]
    assert labels(await stage.reply(ADMIN, "Модель лучше")) == [OPT_OUT_RU]
    stage.press(question, "📣 Send it")
    await stage.until(lambda: stage.finished(question))
    assert [stage.deliveries(EMMA, text) for text in ("A better model", "Модель лучше")] == [1, 0]
    assert [stage.deliveries(IVAN, text) for text in ("A better model", "Модель лучше")] == [0, 1]
    assert [each.type for each in (await stage.reply(IVAN, "Модель лучше")).entities or []] == ["bold"]


async def test_a_text_for_all_is_previewed_with_the_button_of_each_language(stage: Stage) -> None:
    await stage.draft("For all")
    previews = [each for each in stage.heard(ADMIN) if each.text == "For all"]
    assert [labels(each) for each in previews] == [[OPT_OUT], [OPT_OUT_RU]]


async def test_a_document_goes_out_as_a_document(stage: Stage) -> None:
    await stage.audience(EMMA)
    await stage.say(ADMIN, "/broadcast", "Send me the announcement")
    sent = stage.people.send_document(ADMIN, b"%PDF-1.7", "leaflet.pdf", "application/pdf", "Our leaflet")
    stage.press(await stage.reply(ADMIN, SECOND, sent.message_id), "The same for everybody")
    question = await stage.reply(ADMIN, "Recipients: 1", sent.message_id)
    assert await stage.database.requests.unfinished() == []
    stage.press(question, "📣 Send it")
    got = await stage.reply(EMMA, "Our leaflet")
    assert got.document is not None and got.document.file_name == "leaflet.pdf"
    await stage.until(lambda: stage.finished(question))


async def test_each_audience_shows_its_number_and_only_the_chosen_one_gets_it(stage: Stage) -> None:
    await stage.audience(ADMIN, EMMA, IVAN)
    await stage.database.requests.record(EMMA, EMMA, 1, None, "file", "unique", "photo")
    question = await stage.draft()
    assert labels(question)[1:6] == [
        "✓ Everybody: 3",
        "English: 2",
        "Russian: 1",
        "Active within 30 days: 1",
        "Staff: 1",
    ]
    stage.press(question, "Russian: 1")
    messages = stage.sandbox.world.people[ADMIN].messages
    chosen = await stage.until(
        lambda: messages[question.message_id] if "✓ Russian: 1" in labels(messages[question.message_id]) else None
    )
    assert (chosen.text or "").endswith("Recipients: 1")
    stage.press(chosen, "📣 Send it")
    summary = await stage.until(lambda: stage.finished(question))
    assert (summary.text or "").endswith("Received: 1 of 1")
    assert [stage.deliveries(user, "A better model.") for user in (EMMA, IVAN)] == [0, 1]
    (broadcast,) = await stage.database.broadcasts.latest(5)
    assert broadcast.audience is Audience.RUSSIAN


async def scheduling(stage: Stage) -> Message:
    """A draft that is asked for its time."""
    await stage.audience(EMMA)
    question = await stage.draft()
    stage.press(question, "🕘 Later")
    return await stage.reply(ADMIN, "When?")


async def test_a_typed_time_is_kept_and_one_in_the_past_is_not(stage: Stage) -> None:
    await scheduling(stage)
    await stage.say(ADMIN, "2020-01-01 10:00", "That is no time to come")
    await stage.say(ADMIN, "soon", "That is no time to come")
    told = await stage.say(ADMIN, "2199-12-31 18:30", "31 December 2199, 18:30 UTC. Recipients as of now: 1")
    (broadcast,) = await stage.database.broadcasts.scheduled()
    assert f"{broadcast.starts_at:%Y-%m-%d %H:%M}" == "2199-12-31 18:30"
    assert stage.deliveries(EMMA, "A better model.") == 0
    stage.press(told, "📣 Send now")
    await stage.until(lambda: stage.finished(told))
    assert stage.deliveries(EMMA, "A better model.") == 1


async def test_tomorrow_morning_is_one_press_and_can_be_cancelled(stage: Stage) -> None:
    asked = await scheduling(stage)
    stage.press(asked, "Tomorrow, 9:00 UTC")
    told = await stage.reply(ADMIN, "09:00 UTC. Recipients as of now: 1")
    stage.press(told, "Cancel")
    await stage.reply(ADMIN, "Cancelled. Nothing was sent.")
    entries, _total = await stage.database.staff.audit_page(0, 5)
    assert [each.action for each in entries] == [Action.BROADCAST_CANCEL, Action.BROADCAST_SCHEDULE]
    (broadcast,) = await stage.database.broadcasts.latest(5)
    assert broadcast.state is BroadcastState.CANCELLED


async def test_the_list_shows_past_announcements_with_their_counts(stage: Stage) -> None:
    await stage.say(ADMIN, "/broadcasts", "There have been no announcements.")
    await stage.audience(EMMA)
    await stage.announce("The <first>")
    await stage.draft("Never sent")
    listed = (await stage.say(ADMIN, "/broadcasts", "Announcements, newest first")).text or ""
    assert re.search(
        r"^1 · .* UTC · (sent|being sent)\nEverybody: The <first>\nReceived: 1 of 1$", listed, re.MULTILINE
    )
    assert "Never sent" not in listed

"""Photos of groups, and photos that are quoted from another chat."""

from aiogram.types import ExternalReplyInfo, Message, MessageOriginHiddenUser

from bot.samples import sample
from bot.sandbox.groups import Groups
from bot.sandbox.people import Destination
from tests.bot.photos.test_outbox import ANSWER, all_closed, moles
from tests.bot.stage import ADMIN, EMMA, IVAN, Stage

__all__ = ["moles"]


async def in_group(stage: Stage, chat_id: int, part: str) -> Message:
    """What the bot has said in a group."""
    group = stage.sandbox.world.conversation(chat_id)

    def find() -> Message | None:
        said = [each for each in group.messages.values() if each.from_user and each.from_user.is_bot]
        return next((each for each in said if part in (each.text or each.caption or "")), None)

    return await stage.until(find)


async def test_the_answer_to_a_photo_in_a_group_comes_below_it_in_private(moles: Stage) -> None:
    group = Groups(moles.sandbox.world).create("Family", [EMMA, IVAN])
    place = Destination(chat_id=group.id)
    mention = f"@{moles.sandbox.world.bot.username} it bleeds"
    [asked] = await moles.people.send_photos(EMMA, [sample("mole")], mention, place)
    word = await in_group(moles, group.id, "I have taken your photo to our private chat")
    assert word.reply_to_message is not None and word.reply_to_message.message_id == asked.message_id
    answer = await moles.reply(EMMA, ANSWER)
    assert answer.reply_to_message is not None and answer.reply_to_message.photo
    # What was written with the photo counts as in private.
    assert "You say: it bleeds" in (answer.caption or "")
    await all_closed(moles)
    said = [each for each in group.messages.values() if each.from_user and each.from_user.is_bot]
    assert len(said) == 1


async def test_a_file_in_a_group_is_taken_over_as_a_file(moles: Stage) -> None:
    group = Groups(moles.sandbox.world).create("Family", [EMMA])
    place = Destination(chat_id=group.id)
    photo = moles.people.send_document(EMMA, sample("mole"), "spot.jpg", "image/jpeg", place=place)
    place = Destination(chat_id=group.id, reply_to=photo.message_id)
    moles.people.write(EMMA, f"@{moles.sandbox.world.bot.username}", place=place)
    answer = await moles.reply(EMMA, ANSWER)
    assert answer.reply_to_message is not None and answer.reply_to_message.document


async def test_a_group_reads_of_no_photo_while_the_bot_is_maintained(moles: Stage) -> None:
    await moles.application.access.set_maintenance(ADMIN, on=True)
    group = Groups(moles.sandbox.world).create("Family", [EMMA])
    mention = f"@{moles.sandbox.world.bot.username}"
    await moles.people.send_photos(EMMA, [sample("mole")], mention, Destination(chat_id=group.id))
    await in_group(moles, group.id, "Please ask me again later")
    assert await moles.database.requests.unfinished() == []


async def test_a_banned_persons_photo_in_a_group_is_kept_for_nobody_to_read(moles: Stage) -> None:
    await moles.audience(EMMA)
    await moles.application.access.ban(ADMIN, EMMA)
    group = Groups(moles.sandbox.world).create("Family", [EMMA])
    mention = f"@{moles.sandbox.world.bot.username}"
    await moles.people.send_photos(EMMA, [sample("mole")], mention, Destination(chat_id=group.id))
    await in_group(moles, group.id, "You can no longer use this bot")
    assert await moles.database.requests.unfinished() == []


async def test_a_symptom_in_reply_to_a_photo_is_of_that_photo(moles: Stage) -> None:
    asked = []
    for _ in range(2):
        [sent] = await moles.people.send_photos(EMMA, [sample("mole")], None)
        await moles.reply(EMMA, ANSWER, after=sent.message_id)
        asked.append(sent)
    await all_closed(moles)
    moles.people.write(EMMA, "it bleeds", place=Destination(reply_to=asked[0].message_id))
    await moles.reply(EMMA, "You say: it bleeds", after=asked[1].message_id)
    first, second = [await moles.database.requests.of_message(EMMA, each.message_id) for each in asked]
    assert first is not None and first.result is not None and first.result["symptoms"] == ["bleed"]
    assert second is not None and second.result is not None and second.result["symptoms"] == []


async def test_a_photo_quoted_from_another_chat_is_read(moles: Stage) -> None:
    [photo] = await moles.people.send_photos(EMMA, [sample("mole")], None)
    first = await moles.reply(EMMA, ANSWER)
    assert photo.photo
    origin = MessageOriginHiddenUser(date=0, sender_user_name="somebody")  # type: ignore[arg-type]
    quoted = ExternalReplyInfo(origin=origin, photo=photo.photo)
    sent = moles.people.write(EMMA, "and this one?")
    asking = sent.model_copy(update={"external_reply": quoted, "message_id": 9_000, "text": "it bleeds"})
    moles.sandbox.world.updates.push("message", asking)
    again = await moles.reply(EMMA, "You say: it bleeds", after=first.message_id)
    assert ANSWER in (again.caption or "")
    command = asking.model_copy(update={"message_id": 9_001, "text": "/help"})
    moles.sandbox.world.updates.push("message", command)
    await moles.reply(EMMA, "What the answer means", after=again.message_id)

"""Where an answer goes: to the topic of its photo, but not to a chat that is gone, and not to a group."""

import asyncio
import logging
from pathlib import Path

import pytest

from bot.moles.buttons import Act, Follow, OfMole
from bot.photos.albums import Incoming
from bot.samples import sample
from bot.sandbox.groups import Groups
from bot.sandbox.people import Destination
from bot.ui.buttons import keyboard
from bot.ui.callbacks import WasRight
from tests.bot.moles.following import answered, begun, stage_with_moles, tap
from tests.bot.photos.test_outbox import ANSWER, all_closed, moles
from tests.bot.stage import EMMA, IVAN, Stage

__all__ = ["moles"]


async def test_everything_about_a_photo_goes_to_its_topic(moles: Stage) -> None:
    moles.sandbox.world.bot = moles.sandbox.world.bot.model_copy(update={"has_topics_enabled": True})
    thread = moles.people.open_topic(EMMA, "left arm").message_thread_id
    place = Destination(message_thread_id=thread)
    await moles.people.send_photos(EMMA, [sample("mole")], place=place)
    answer = await moles.reply(EMMA, ANSWER)
    await moles.people.send_photos(EMMA, [sample("mole")] * 2, place=place)
    await moles.reply(EMMA, "Photo 2: ")
    moles.press(answer, "My results")
    listed = await moles.reply(EMMA, "Your results, newest first")
    moles.press(listed, "1")
    shown = await moles.reply(EMMA, ANSWER, after=listed.message_id)
    # The pool of this stage explains nothing: that is said too.
    moles.press(shown, "Why?")
    await moles.reply(EMMA, "I could not read this photo", after=shown.message_id)
    await all_closed(moles)
    assert thread is not None
    assert {each.message_thread_id for each in moles.heard(EMMA)} == {thread}
    actions = [each for each in moles.sandbox.world.calls if each.method == "sendChatAction"]
    assert all(each.params["message_thread_id"] == thread for each in actions)


async def test_all_about_a_mole_stays_in_its_topic(tmp_path: Path) -> None:
    async with stage_with_moles(tmp_path) as (stage, _pool):
        stage.sandbox.world.bot = stage.sandbox.world.bot.model_copy(update={"has_topics_enabled": True})
        request = await answered(stage, EMMA)
        thread = stage.people.open_topic(EMMA, "left arm").message_thread_id
        assert thread is not None
        data = Follow(request_id=request).pack()
        buttons = keyboard([("Follow", data)], [("Right?", WasRight(request_id=request).pack())])
        shown = await stage.bot.send_message(EMMA, "an answer", message_thread_id=thread, reply_markup=buttons)
        stage.press(shown, "Follow")
        stage.press(await stage.reply(EMMA, "Which mole", after=thread), "A new mole")
        stage.press(await stage.reply(EMMA, "Where is it?", after=thread), "Write a name")
        await stage.reply(EMMA, "Write a name for", after=thread)
        stage.people.write(EMMA, "left arm", place=Destination(message_thread_id=thread))
        named = await stage.reply(EMMA, "I call it left arm", after=thread)
        stage.press(named, "Remind me")
        await stage.reply(EMMA, "When shall I remind you", after=thread)
        stage.press(named, "Open this mole")
        card = await stage.reply(EMMA, "Photos: 1", after=thread)
        for label, part in (
            ("I have measured it", "by a ruler?"),
            ("Share with a doctor", "with one person?"),
            ("For my doctor", "It holds your photos"),
            ("Stop following", "Stop following"),
        ):
            stage.press(card, label)
            await stage.reply(EMMA, part, after=card.message_id)
        stage.press(shown, "Right?")
        await stage.reply(EMMA, "what did they call it?", after=thread)
        assert {each.message_thread_id for each in stage.heard(EMMA) if each.message_id > thread} == {thread}


async def test_a_mole_can_have_a_topic_of_its_own_where_the_chat_has_topics(tmp_path: Path) -> None:
    async with stage_with_moles(tmp_path) as (stage, _pool):
        mole = await begun(stage, IVAN, await answered(stage, IVAN))
        data = OfMole(act=Act.OPEN, mole_id=mole.id).pack()
        topic = OfMole(act=Act.TOPIC, mole_id=mole.id).pack()
        await tap(stage, IVAN, data)
        card = await stage.reply(IVAN, "Фото: 1")
        assert "Отдельная тема" not in str(card.reply_markup)
        assert await stage.alert(IVAN, await tap(stage, IVAN, topic)) == "В этом чате нет тем."
        stage.sandbox.world.bot = stage.sandbox.world.bot.model_copy(update={"has_topics_enabled": True})
        # The bot learns it at its start.
        stage.bot._me = None
        await tap(stage, IVAN, data)
        card = await stage.reply(IVAN, "Фото: 1", after=card.message_id)
        stage.press(card, "Отдельная тема")
        moved = await stage.reply(IVAN, "Фото: 1", after=card.message_id)
        assert moved.message_thread_id is not None and "Отдельная тема" not in str(moved.reply_markup)
        opened = stage.sandbox.world.people[IVAN].topics[moved.message_thread_id]
        assert opened.name == mole.name


async def test_a_topic_that_is_gone_keeps_no_answer_back(moles: Stage) -> None:
    moles.sandbox.world.bot = moles.sandbox.world.bot.model_copy(update={"has_topics_enabled": True})
    thread = moles.people.open_topic(EMMA, "left arm").message_thread_id
    assert thread is not None
    request, _ = await moles.database.requests.record(
        EMMA, EMMA, 9_000, None, "file", "unique", "photo", thread_id=thread + 1
    )
    await moles.application.photo_service.receive([Incoming(request)])
    assert (await moles.reply(EMMA, "does not give me this photo right now", after=thread)).message_thread_id is None


async def test_a_chat_that_is_gone_closes_its_requests_and_is_told_of_once(
    moles: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    await moles.audience(IVAN)
    await moles.people.send_photos(IVAN, [sample("mole")], None)
    moles.sandbox.world.people.pop(IVAN)
    async with asyncio.timeout(20):
        while (known := await moles.database.users.get(IVAN)) is None or known.blocked_at is None:
            pass
    await all_closed(moles)
    ours = [each for each in caplog.records if each.name.startswith("bot.photos") and "request" in each.getMessage()]
    assert len(ours) == 1 and ours[0].exc_info is None


async def test_in_a_group_the_bot_answers_whoever_speaks_to_it_and_nobody_else(stage: Stage) -> None:
    world, people = stage.sandbox.world, stage.people
    group = Groups(world).create("Family", [EMMA, IVAN])
    place = Destination(chat_id=group.id)
    people.write(EMMA, "hello everybody", place=place)
    people.write(EMMA, "/help", place=place)
    await people.send_photos(EMMA, [sample("mole")], "look", place)
    asked = [
        people.write(EMMA, f"/start@{world.bot.username}", place=place),
        people.write(IVAN, f"what does @{world.bot.username} say?", place=place),
        (await people.send_photos(EMMA, [sample("mole")], f"@{world.bot.username}", place))[0],
    ]

    def said() -> list[int]:
        bots = [each for each in group.messages.values() if each.from_user and each.from_user.is_bot]
        assert all("t.me/" in (each.text or "") for each in bots)
        return [each.reply_to_message.message_id for each in bots if each.reply_to_message]

    await stage.until(lambda: len(said()) >= len(asked))
    await stage.say(EMMA, "/help", "What the answer means")
    assert sorted(said()) == [each.message_id for each in asked]
    assert await stage.database.users.get(EMMA) is None
    assert await stage.database.requests.unfinished() == []


async def test_what_is_left_in_a_group_is_answered_in_private(moles: Stage) -> None:
    """A kill may leave it there before it is taken over; meanwhile the group may have become a supergroup."""
    groups = Groups(moles.sandbox.world)
    old = groups.create("Family", [EMMA])
    [photo] = await moles.people.send_photos(EMMA, [sample("mole")], None)
    first = await moles.reply(EMMA, ANSWER)
    assert photo.photo
    about = None, photo.photo[-1].file_id, photo.photo[-1].file_unique_id
    asked, _ = await moles.database.requests.record(EMMA, old.id, 9_000, *about, "photo")
    resting, _ = await moles.database.requests.record(EMMA, old.id, 9_001, *about, "photo")
    new = groups.migrate(old.id)
    await moles.application.photo_service.receive([Incoming(asked)])
    answer = await moles.reply(EMMA, ANSWER, after=first.message_id)
    assert answer.reply_to_message is not None and answer.reply_to_message.photo
    assert not [each for each in new.messages.values() if ANSWER in (each.caption or "")]
    moved = await moles.database.requests.get_owned(resting.id, EMMA)
    assert moved is not None and (moved.chat_id, moved.file_id) == (new.id, about[1])

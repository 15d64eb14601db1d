"""Groups: which messages reach the bot, and changes of a group."""

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError, TelegramMigrateToChat
from aiogram.types import Message, ReplyParameters

from bot.sandbox import Sandbox
from bot.sandbox.client import Person, Refused
from tests.bot.sandbox.playing import ADMIN, IVAN, picture


async def heard(bot: Bot) -> list[Message]:
    """What has reached the bot since the last look, service messages aside."""
    updates = await bot.get_updates()
    if updates:
        await bot.get_updates(offset=updates[-1].update_id + 1, timeout=0)
    messages = [update.message for update in updates if update.message is not None]
    return [message for message in messages if message.text or message.caption or message.photo]


async def test_the_bot_is_told_that_it_was_added_to_a_group(bot: Bot, emma: Person) -> None:
    group = await emma.gather("Family", IVAN)
    joined, greeting = await bot.get_updates()
    assert joined.my_chat_member is not None
    assert joined.my_chat_member.chat.id == group
    assert joined.my_chat_member.chat.type == "group"
    assert joined.my_chat_member.old_chat_member.status == "left"
    assert joined.my_chat_member.new_chat_member.status == "member"
    assert greeting.message is not None
    assert greeting.message.new_chat_members is not None
    assert greeting.message.new_chat_members[0].id == bot.id


async def test_privacy_mode_lets_through_only_what_is_meant_for_the_bot(bot: Bot, emma: Person, ivan: Person) -> None:
    group = await emma.gather("Family", IVAN)
    await heard(bot)
    said = await bot.send_message(group, "here I am")
    await ivan.write("good morning", chat_id=group)
    await ivan.write("/help", chat_id=group)
    await ivan.write("/help@echo_bot now", chat_id=group)
    await ivan.write("/help@other_bot", chat_id=group)
    await ivan.write("what does @Echo_Bot say?", chat_id=group)
    await ivan.write("what does @somebody say?", chat_id=group)
    await ivan.write("thanks", chat_id=group, reply_to=said.message_id)
    await ivan.send_photos(picture(), chat_id=group)
    await ivan.send_photos(picture(), chat_id=group, caption="@echo_bot and this?")
    messages = await heard(bot)
    assert [message.text or message.caption for message in messages] == [
        "/help",
        "/help@echo_bot now",
        "what does @Echo_Bot say?",
        "thanks",
        "@echo_bot and this?",
    ]
    assert {message.chat.id for message in messages} == {group}
    assert {message.from_user.id for message in messages if message.from_user} == {IVAN}


async def test_an_addressed_reply_brings_the_photo_that_the_bot_has_not_seen(
    bot: Bot, emma: Person, ivan: Person
) -> None:
    group = await emma.gather("Family", IVAN)
    (photo,) = await emma.send_photos(picture(), chat_id=group)
    await heard(bot)
    await ivan.write("@echo_bot look", chat_id=group, reply_to=photo["message_id"])
    (message,) = await heard(bot)
    assert message.reply_to_message is not None
    assert message.reply_to_message.photo is not None


@pytest.mark.parametrize("how", ["administrator", "privacy mode off"])
async def test_an_administrator_and_a_bot_without_privacy_mode_hear_everything(
    bot: Bot, emma: Person, how: str
) -> None:
    group = await emma.gather("Family")
    if how == "administrator":
        await emma.post(f"/sim/groups/{group}/bot", {"status": "administrator"})
    else:
        await emma.post("/sim/bot", {"can_read_all_group_messages": True})
    await heard(bot)
    await emma.write("good morning", chat_id=group)
    assert [message.text for message in await heard(bot)] == ["good morning"]


async def test_only_members_write_into_a_group(emma: Person, ivan: Person) -> None:
    group = await emma.gather("Family", ADMIN)
    with pytest.raises(Refused, match="not in the chat"):
        await ivan.write("/help", chat_id=group)


async def test_a_button_in_a_group_says_who_pressed_it(bot: Bot, emma: Person, ivan: Person) -> None:
    group = await emma.gather("Family", IVAN)
    markup = {"inline_keyboard": [[{"text": "Yes", "callback_data": "yes"}]]}
    await bot.send_message(group, "Well?", reply_markup=markup)  # type: ignore[arg-type]
    await heard(bot)
    await ivan.click((await ivan.messages(group))[-1], "Yes")
    (update,) = await bot.get_updates()
    query = update.callback_query
    assert query is not None
    assert query.from_user.id == IVAN
    assert query.message is not None
    assert query.message.chat.id == group
    assert await bot.answer_callback_query(query.id, "Noted")
    (press,) = (await ivan.transcript(group))["callback_answers"]
    assert press["text"] == "Noted"


async def test_a_supergroup_has_another_number_and_the_old_one_says_which(bot: Bot, emma: Person) -> None:
    group = await emma.gather("Family")
    await heard(bot)
    new = (await emma.post(f"/sim/groups/{group}/migrate"))["id"]
    updates = await bot.get_updates()
    moved = [(update.message.chat.id, update.message) for update in updates if update.message is not None]
    assert [(chat, message.migrate_to_chat_id, message.migrate_from_chat_id) for chat, message in moved] == [
        (group, new, None),
        (new, None, group),
    ]
    with pytest.raises(TelegramMigrateToChat) as refusal:
        await bot.send_message(group, "hello")
    assert refusal.value.migrate_to_chat_id == new
    assert (await bot.send_message(new, "hello")).chat.type == "supergroup"


@pytest.mark.parametrize(
    ("action", "body", "words"),
    [
        ("delete", None, "the group chat was deleted"),
        ("bot", {"status": "kicked"}, "bot was kicked from the group chat"),
        ("bot", {"status": "left"}, "bot is not a member of the group chat"),
    ],
)
async def test_a_group_that_is_gone_or_without_the_bot_refuses_it(
    bot: Bot, emma: Person, action: str, body: dict[str, str] | None, words: str
) -> None:
    group = await emma.gather("Family")
    await emma.post(f"/sim/groups/{group}/{action}", body or {})
    with pytest.raises(TelegramForbiddenError, match=words):
        await bot.send_message(group, "hello")


async def test_a_bot_that_was_taken_out_hears_nothing_more(bot: Bot, emma: Person) -> None:
    group = await emma.gather("Family")
    await emma.post(f"/sim/groups/{group}/bot", {"status": "kicked"})
    updates = await bot.get_updates()
    assert updates[-1].my_chat_member is not None
    assert updates[-1].my_chat_member.new_chat_member.status == "kicked"
    await bot.get_updates(offset=updates[-1].update_id + 1)
    await emma.write("/help", chat_id=group)
    assert await heard(bot) == []


async def test_the_bot_can_leave_and_ask_who_is_a_member(bot: Bot, emma: Person) -> None:
    group = await emma.gather("Family")
    assert (await bot.get_chat_member(group, emma.id)).status == "member"
    assert (await bot.get_chat_member(group, IVAN)).status == "left"
    assert await bot.leave_chat(group)
    assert (await bot.get_chat_member(group, bot.id)).status == "left"
    with pytest.raises(TelegramBadRequest, match="private chats"):
        await bot.leave_chat(emma.id)


async def test_who_never_wrote_in_private_cannot_be_answered_there(bot: Bot, emma: Person, ivan: Person) -> None:
    group = await emma.gather("Family", IVAN)
    await ivan.write("/help", chat_id=group)
    with pytest.raises(TelegramForbiddenError, match="bot can't initiate conversation with a user"):
        await bot.send_message(IVAN, "your result")


async def test_a_deleted_account_refuses_what_the_bot_sends(bot: Bot, emma: Person) -> None:
    await emma.act("delete_account")
    with pytest.raises(TelegramForbiddenError, match="user is deactivated"):
        await bot.send_message(emma.id, "hello")
    with pytest.raises(Refused, match="deleted the account"):
        await emma.write("hello")


async def test_a_reply_is_refused_where_its_message_is_in_another_chat(
    bot: Bot, sandbox: Sandbox, emma: Person
) -> None:
    group = await emma.gather("Family")
    private = await emma.write("hello")
    with pytest.raises(TelegramBadRequest, match="message to be replied not found"):
        await bot.send_message(group, "x", reply_parameters=ReplyParameters(message_id=private["message_id"]))

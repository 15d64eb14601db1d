"""A group speaks to the bot: the answer comes in private, in both languages, with the real bot and its networks."""

import pytest

from bot.samples import sample
from bot.sandbox.client import Message, words
from tests.e2e.playing import Person
from tests.e2e.test_moles import is_photo

BOT = "@sandbox_bot"


async def said_in(person: Person, group: int, part: str) -> Message:
    """What the bot has said in a group."""
    return await person.wait(
        lambda chat: next((m for m in chat["messages"] if m["from"]["is_bot"] and part in words(m)), None),
        chat_id=group,
    )


@pytest.mark.parametrize(
    ("who", "told", "theirs"),
    [
        ("person", "I have taken your photo to our private chat", "only for the person who sent it"),
        ("ivan", "Ваше фото уже в нашем личном чате", "только для того, кто его прислал"),
    ],
)
async def test_a_photo_in_a_group_is_answered_in_private_for_its_sender_alone(
    person: Person, ivan: Person, who: str, told: str, theirs: str
) -> None:
    asking, other = (person, ivan) if who == "person" else (ivan, person)
    group = await asking.gather("Family", other.id)
    [quiet] = await asking.send_photos(sample("mole"), chat_id=group, caption="look at this")
    await asking.write(f"{BOT} what is it?", chat_id=group, reply_to=quiet["message_id"])
    answer = await asking.answered(lambda message: is_photo(message) and "reply_markup" in message)
    assert answer["chat"]["id"] == asking.id
    notice = await said_in(asking, group, told)
    assert "%" not in words(notice)
    [photo] = await other.send_photos(sample("mole"), chat_id=group)
    await asking.write(BOT, chat_id=group, reply_to=photo["message_id"])
    await said_in(asking, group, theirs)


async def test_whoever_has_not_pressed_start_is_told_to(newcomer: Person) -> None:
    group = await newcomer.gather("Family")
    await newcomer.send_photos(sample("mole"), chat_id=group, caption=BOT)
    assert f"t.me/{BOT[1:]}" in words(await said_in(newcomer, group, "Press Start in our chat"))
    await newcomer.agree()
    await newcomer.send_photos(sample("mole"), chat_id=group, caption=BOT)
    await newcomer.answered(lambda message: is_photo(message) and "reply_markup" in message)


async def test_a_forwarded_photo_is_read(person: Person, ivan: Person) -> None:
    group = await person.gather("Family", ivan.id)
    [photo] = await ivan.send_photos(sample("mole"), chat_id=group)
    for hidden in (False, True):
        await person.forward(photo, hidden=hidden)
        await person.answered(lambda message: is_photo(message) and "reply_markup" in message)

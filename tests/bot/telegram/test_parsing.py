"""Updates that aiogram cannot parse do not affect other people, and no personal data is logged."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from aiogram import Bot
from aiogram.exceptions import ClientDecodeError
from aiogram.methods import GetFile, GetUpdates, SendChatAction, SendMediaGroup, SendMessage, SendPhoto
from aiogram.types import InputMediaPhoto
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.telegram.client import NotUnderstood, Session, connect, open_session
from bot.telegram.parsing import parse_updates

CHAT = {"id": 8, "type": "private"}
SENDER = {"id": 8, "is_bot": False, "first_name": "SECRET-NAME"}
PHOTO = [{"file_id": "f", "file_unique_id": "u", "width": 90, "height": 60}]
NAMELESS = {"type": "hidden_user", "date": 1422450181}


def update(number: int = 1, **content: Any) -> dict[str, Any]:
    message = {"message_id": 50, "date": 1700000000, "chat": CHAT, "from": SENDER, **content}
    return {"update_id": number, "message": message}


@pytest.fixture
def session() -> Session:
    return open_session(None)


@pytest.fixture
def bot(session: Session) -> Bot:
    return connect("42:secret", session)


UNPARSABLE: list[Mapping[str, Any]] = [
    {"text": "SECRET-TEXT", "forward_origin": NAMELESS},
    {"text": "SECRET-TEXT", "forward_origin": {"type": "of next year", "date": 1}},
    {"story": {}},
    {"text": "SECRET-TEXT", "entities": [{"type": "bold"}]},
    {"text": "SECRET-TEXT", "chat": {**CHAT, "id": 2**70}},
    {"text": "SECRET-TEXT", "from": {**SENDER, "id": 2**63}},
    {"text": "SECRET-TEXT", "chat": {**CHAT, "id": str(2**70)}},
    {"text": "SECRET-TEXT", "message_id": str(2**63)},
    {"text": "SECRET-TEXT", "edit_date": 2**70},
    {"date": "SECRET-TEXT"},
]


@pytest.mark.parametrize("content", UNPARSABLE, ids=str)
def test_an_unparsable_update_is_passed_over_and_the_next_one_is_read(
    content: Mapping[str, Any], bot: Bot, caplog: pytest.LogCaptureFixture
) -> None:
    passed_over, read = parse_updates([update(6, **content), update(7, text="hello")], bot)
    assert passed_over.update_id == 6 and passed_over.message is None
    assert read.message is not None and read.message.text == "hello"
    assert "update 6 cannot be parsed" in caplog.text
    assert "SECRET" not in caplog.text


@pytest.mark.parametrize("content", [each for each in UNPARSABLE if {"forward_origin", "entities"} & each.keys()])
def test_a_photo_in_an_unparsable_update_is_still_found(content: Mapping[str, Any], bot: Bot) -> None:
    [found] = parse_updates([update(6, photo=PHOTO, media_group_id="album", caption="SECRET", **content)], bot)
    assert found.message is not None and found.message.photo is not None and found.message.from_user is not None
    assert (found.message.photo[0].file_id, found.message.media_group_id) == ("f", "album")
    assert (found.message.chat.id, found.message.from_user.id) == (8, 8)


@pytest.mark.parametrize("number", [2**64, str(2**64), float(2**64)])
def test_a_photo_of_somebody_with_an_id_over_63_bits_is_passed_over(number: object, bot: Bot) -> None:
    [found] = parse_updates([update(6, photo=PHOTO, **{"from": {**SENDER, "id": number}})], bot)
    assert found.message is None


@pytest.mark.parametrize("raw", [None, 3, "text", [], {}, {"message": {}}], ids=str)
def test_what_is_no_update_at_all_is_left_out(raw: Any, bot: Bot) -> None:
    assert [each.update_id for each in parse_updates([raw, update(7, text="hello")], bot)] == [7]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


SOMEBODY = connect("42:secret", open_session(None))


@settings(deadline=None, max_examples=50)
@given(st.dictionaries(st.sampled_from(["photo", "from", "chat", "date", "document", "story", "poll"]), json_values))
def test_whatever_a_message_holds_its_update_is_confirmed(content: dict[str, Any]) -> None:
    assert [each.update_id for each in parse_updates([update(6, **content)], SOMEBODY)] == [6]


def answer(result: Any) -> str:
    return json.dumps({"ok": True, "result": result})


def test_a_batch_of_updates_with_one_that_cannot_be_parsed_is_an_answer(session: Session, bot: Bot) -> None:
    content = answer([update(6, forward_origin=NAMELESS), update(7, text="hello")])
    response = session.check_response(bot, GetUpdates(), 200, content)
    assert response.result is not None and [each.update_id for each in response.result] == [6, 7]


def test_a_sent_photo_whose_confirmation_cannot_be_parsed_is_sent(session: Session, bot: Bot) -> None:
    sent = {"message_id": 60, "date": 1, "chat": CHAT, "photo": PHOTO, "caption_entities": [{}]}
    method = SendPhoto(chat_id=8, photo="f")
    message = session.check_response(bot, method, 200, answer(sent)).result
    assert message is not None and message.photo is not None
    assert (message.message_id, message.photo[0].file_id) == (60, "f")


@pytest.mark.parametrize("result", [True, "of next year", {"message_id": "x"}, []], ids=str)
def test_a_sent_message_without_a_number_is_sent_all_the_same(result: Any, session: Session, bot: Bot) -> None:
    message = session.check_response(bot, SendMessage(chat_id=8, text="hello"), 200, answer(result)).result
    assert message is not None and (message.message_id, message.chat.id) == (0, 8)


def test_an_album_whose_confirmation_cannot_be_parsed_is_sent(session: Session, bot: Bot) -> None:
    good = {"message_id": 61, "date": 1, "chat": CHAT, "photo": PHOTO}
    method = SendMediaGroup(chat_id=8, media=[InputMediaPhoto(media="f"), InputMediaPhoto(media="g")])
    messages = session.check_response(bot, method, 200, answer([good, {**good, "story": {}}])).result
    assert messages is not None and [each.message_id for each in messages] == [61, 61]


def test_a_yes_in_other_words_is_a_yes(session: Session, bot: Bot) -> None:
    method = SendChatAction(chat_id=8, action="typing")
    assert session.check_response(bot, method, 200, answer({"new": "kind"})).result is True


def test_what_was_asked_for_and_is_not_in_the_answer_is_an_error(session: Session, bot: Bot) -> None:
    with pytest.raises(NotUnderstood) as raised:
        session.check_response(bot, GetFile(file_id="f"), 200, answer({"file_path": ["SECRET"]}))
    assert "SECRET" not in str(raised.value)


@pytest.mark.parametrize("content", ["<html>SECRET</html>", '{"ok": "SECRET"}', "[]"])
def test_an_answer_that_is_not_telegrams_is_none_and_is_not_quoted(content: str, session: Session, bot: Bot) -> None:
    with pytest.raises((ClientDecodeError, NotUnderstood)) as raised:
        session.check_response(bot, SendMessage(chat_id=8, text="hello"), 502, content)
    assert "SECRET" not in str(raised.value) + repr(raised.value.__cause__)

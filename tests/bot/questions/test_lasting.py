"""What lasts is asked once for a mole: its next photo knows it, and it can be corrected."""

from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from aiogram.types import Message

from bot.questions.lasting import LASTING
from bot.questions.questions import Answers
from bot.questions.surer import answers_of, with_answers
from bot.ui.buttons import keyboard
from bot.ui.callbacks import Ask
from storage.records import Mole
from tests.bot.moles.following import answered, begun, stage_with_moles
from tests.bot.stage import EMMA, IVAN, Stage


async def asked(stage: Stage, user: int, request_id: int, part: str) -> Message:
    """Begin the questions about a request; the message once it says `part`."""
    data = Ask(request_id=request_id, question=0).pack()
    shown = await stage.bot.send_message(user, "an answer", reply_markup=keyboard([("Six questions", data)]))
    return await pressed(stage, shown, "Six questions", part)


def labels(message: Message) -> list[str]:
    assert message.reply_markup is not None
    return [each.text for row in message.reply_markup.inline_keyboard for each in row]


async def pressed(stage: Stage, message: Message, label: str, part: str) -> Message:
    messages = stage.sandbox.world.people[message.chat.id].messages
    # Places on the body have numbers before their names.
    [whole] = [each for each in labels(messages[message.message_id]) if each == label or each.endswith(f" · {label}")]
    stage.press(messages[message.message_id], whole)
    await stage.until(lambda: part in (messages[message.message_id].text or ""))
    return messages[message.message_id]


async def next_photo(stage: Stage, mole: Mole) -> int:
    request = await answered(stage, mole.user_id)
    [first, *_] = await stage.database.moles.photos(mole)
    assert await stage.database.moles.add_photo(mole, request, first.findings)
    return request


async def tell(stage: Stage, user: int, request_id: int, answers: Answers) -> None:
    await stage.database.requests.amend(request_id, user, partial(with_answers, answers=answers, joiner=None))


async def told(stage: Stage, user: int, request_id: int) -> Answers:
    request = await stage.database.requests.get_owned(request_id, user)
    assert request is not None
    return answers_of(request.result or {})


async def test_age_and_place_are_known_at_the_next_photo_and_can_be_corrected(tmp_path: Path) -> None:
    async with stage_with_moles(tmp_path) as (stage, _pool):
        first = await answered(stage, EMMA)
        mole = await begun(stage, EMMA, first)
        await tell(stage, EMMA, first, {"age": "52", "region": "BACK", "bleed": "True"})
        second = await next_photo(stage, mole)
        shown = await asked(stage, EMMA, second, "Question 3 of 6")
        assert "Kept with this mole: 45–59, back." in (shown.text or "")
        # What may have changed since is asked anew.
        assert await told(stage, EMMA, second) == {"age": "52", "region": "BACK"}
        shown = await pressed(stage, shown, "‹ Back", "Question 2 of 6")
        assert any(each.startswith("✓ ") and each.endswith(" · back") for each in labels(shown))
        shown = await pressed(stage, shown, "chest", "Question 3 of 6")
        assert "Kept" not in (shown.text or "")
        third = await next_photo(stage, mole)
        shown = await asked(stage, EMMA, third, "Question 3 of 6")
        assert "Kept with this mole: 45–59, chest." in (shown.text or "")


async def test_a_place_that_is_known_is_left_out_in_russian_too(tmp_path: Path) -> None:
    async with stage_with_moles(tmp_path) as (stage, _pool):
        first = await answered(stage, IVAN)
        mole = await begun(stage, IVAN, first)
        await tell(stage, IVAN, first, {"region": "BACK"})
        shown = await asked(stage, IVAN, await next_photo(stage, mole), "Вопрос 1 из 6")
        shown = await pressed(stage, shown, "до 30", "Вопрос 3 из 6")
        assert "Об этой родинке уже известно: спина." in (shown.text or "")


async def test_an_age_is_asked_again_when_it_is_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LASTING, "age", timedelta())
    async with stage_with_moles(tmp_path) as (stage, _pool):
        first = await answered(stage, EMMA)
        mole = await begun(stage, EMMA, first)
        await tell(stage, EMMA, first, {"age": "52"})
        await asked(stage, EMMA, await next_photo(stage, mole), "Question 1 of 6")


async def test_a_photo_of_no_mole_knows_nothing_of_others(tmp_path: Path) -> None:
    async with stage_with_moles(tmp_path) as (stage, _pool):
        first = await answered(stage, EMMA)
        await begun(stage, EMMA, first)
        await tell(stage, EMMA, first, {"age": "52", "region": "BACK"})
        await asked(stage, EMMA, await answered(stage, EMMA), "Question 1 of 6")

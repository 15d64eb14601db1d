"""What only admins can do, and that to others it does not exist."""

import pytest
from aiogram.types import CallbackQuery, Chat, Message, User

from storage import BroadcastState
from tests.bot.stage import ADMIN, EMMA, Stage


@pytest.mark.parametrize("command", ["/broadcast", "/models", "/stats"])
async def test_to_others_the_commands_do_not_exist(stage: Stage, command: str) -> None:
    unknown = await stage.say(EMMA, "/nonsense", "")
    assert (await stage.say(EMMA, command, "")).text == unknown.text


async def test_others_cannot_forge_the_buttons(stage: Stage) -> None:
    await stage.audience(EMMA)
    draft = await stage.database.broadcasts.create(ADMIN, ADMIN, "text", "news", "[]", None)
    forger = User(id=EMMA, is_bot=False, first_name="Emma")
    message = Message(message_id=1, date=0, chat=Chat(id=EMMA, type="private"), text="x")  # type: ignore[arg-type]
    for step in ("send", "drop", "stop"):
        query = CallbackQuery(
            id="7", from_user=forger, chat_instance="1", message=message, data=f"broadcast:{step}:{draft.id}"
        )
        stage.sandbox.world.updates.push("callback_query", query)
    calls = stage.sandbox.world.calls
    answers = await stage.until(
        lambda: found if len(found := [each for each in calls if each.method == "answerCallbackQuery"]) == 3 else None
    )
    assert {each.params["text"] for each in answers} == {"This button no longer works."}
    kept = await stage.database.broadcasts.get(draft.id)
    assert kept is not None and kept.state is BroadcastState.DRAFT


async def test_statistics(stage: Stage) -> None:
    await stage.audience(EMMA)
    request, _ = await stage.database.requests.record(EMMA, EMMA, 1, None, "file", "unique", "photo")
    text = (await stage.say(ADMIN, "/stats", "Requests by day")).text or ""
    header, today, *_ = text.splitlines()[1:]
    assert header.split() == ["Day", "All", "Answ.", "Ref.", "Fail.", "People"]
    assert today.split() == [request.created_at.strftime("%m-%d"), "1", "0", "0", "0", "1"]
    assert text.endswith("Recipients of announcements: 1")

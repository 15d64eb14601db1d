"""Commands for administrators, which do not exist for others."""

import pytest
from aiogram.types import CallbackQuery, Chat, Message, User

from storage import BroadcastState, Outcome
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


async def test_the_figures_of_use_come_as_a_picture_with_a_line_for_each(stage: Stage) -> None:
    await stage.audience(EMMA)
    for number, outcome in enumerate([Outcome.ANSWERED, Outcome.ANSWERED, Outcome.REFUSED]):
        request, _ = await stage.database.requests.record(EMMA, EMMA, number, None, "file", "unique", "photo")
        await stage.database.requests.complete(request.id, outcome, {"label": "nv", "risk": "raised"}, None)
    stage.people.write(ADMIN, "/stats")
    shown = await stage.reply(ADMIN, "The last 28 days")
    assert shown.photo and max(each.width for each in shown.photo) == 780
    lines = (shown.caption or "").splitlines()
    assert lines[1] == "Photos: 3 of 1 people; answered 2, refused 1, failed 0"
    assert lines[2] == "Answers with a warning: 3" and lines[3].startswith("From photo to answer: half within 0.")
    assert lines[4:] == [
        "Recipients of announcements: 1",
        "Drift of the answers: too few to tell",
        "Against validation: the release has no report to compare with",
        "Doctors' words: too few to tell",
    ]

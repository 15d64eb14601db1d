"""Results are shown to their owner alone, whatever a button says and wherever it is pressed."""

import pytest
from aiogram.types import CallbackQuery, Chat, Message, User

from bot.results import Result, to_stored
from bot.sandbox.samples import sample
from bot.telegram.client import MAX_DOWNLOAD_BYTES
from bot.ui.callbacks import HistoryEntry
from inference.analysis import CLASSES, Risk
from storage.records import Outcome, Request
from tests.bot.stage import ADMIN, EMMA, IVAN, Stage


async def answered(stage: Stage, user: int) -> Request:
    """A photo of somebody, with an answer in the database."""
    await stage.audience(user)
    request, _ = await stage.database.requests.record(user, user, 900, None, "file", "unique", "photo")
    result = Result("nv", dict.fromkeys(CLASSES, 0.0) | {"nv": 1.0}, Risk.LOW)
    await stage.database.requests.complete(request.id, Outcome.ANSWERED, to_stored(result, None), "gone")
    return request


def forge(stage: Stage, user: int, data: str) -> None:
    """A press of a button that the bot never showed to this person."""
    chat = Chat(id=user, type="private")
    message = Message(message_id=1, date=0, chat=chat, text="x")  # type: ignore[arg-type]
    sender = User(id=user, is_bot=False, first_name="x", language_code="en")
    query = CallbackQuery(id="7", from_user=sender, chat_instance="1", message=message, data=data)
    stage.sandbox.world.updates.push("callback_query", query)


async def test_a_forged_button_does_not_open_the_result_of_somebody_else(stage: Stage) -> None:
    request = await answered(stage, EMMA)
    await stage.audience(IVAN)
    forge(stage, IVAN, HistoryEntry(request_id=request.id).pack())

    def refused() -> str | None:
        calls = [each for each in stage.sandbox.world.calls if each.method == "answerCallbackQuery"]
        return next((str(each.params["text"]) for each in calls), None)

    assert await stage.until(refused) == "Этого результата больше нет."
    assert stage.heard(IVAN) == []


async def test_the_owner_opens_it_even_where_telegram_has_lost_the_photo(stage: Stage) -> None:
    request = await answered(stage, EMMA)
    forge(stage, EMMA, HistoryEntry(request_id=request.id).pack())
    shown = await stage.reply(EMMA, "mole (melanocytic nevus)")
    assert "This is not a diagnosis" in (shown.text or "")


async def test_an_unknown_button_is_answered(stage: Stage) -> None:
    forge(stage, EMMA, "gone:1")
    calls = stage.sandbox.world.calls
    await stage.until(lambda: [each for each in calls if each.params.get("text") == "This button no longer works."])


async def test_a_file_over_20_mb_is_refused_without_a_download(stage: Stage) -> None:
    await stage.audience(EMMA)
    stage.people.send_document(EMMA, bytes(MAX_DOWNLOAD_BYTES + 1), "photo.png", "image/png", None)
    await stage.reply(EMMA, "This file is over 20 MB")
    assert [each for each in stage.sandbox.world.calls if each.method == "getFile"] == []


@pytest.mark.parametrize(("user", "caption"), [(EMMA, "/help"), (ADMIN, "/stats")])
async def test_a_photo_is_read_even_where_its_caption_looks_like_a_command(
    stage: Stage, user: int, caption: str
) -> None:
    """The engine of this stage has not been started: what it is asked to read, it apologises for."""
    await stage.audience(user)
    await stage.people.send_photos(user, [sample("mole")], caption)
    await stage.reply(user, "Something broke on my side. Sorry!")


async def test_what_cannot_be_analysed_is_apologised_for_and_noted_as_failed(stage: Stage) -> None:
    """The engine of this stage has not been started, so it can read nothing."""
    await stage.audience(EMMA)
    await stage.people.send_photos(EMMA, [sample("mole")], None)
    await stage.reply(EMMA, "Something broke on my side. Sorry!")
    await stage.until(lambda: not any((each.text or "").startswith("🔎") for each in stage.heard(EMMA)))
    [day] = await stage.database.requests.daily(1)
    assert (day.requests, day.failed) == (1, 1)

"""Photos sent to an engine that has not been started and can read nothing."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from bot.samples import sample
from bot.sandbox.state import dump
from storage.records import Outcome
from tests.bot.stage import ADMIN, EMMA, IVAN, Stage


@pytest.mark.parametrize(("user", "caption"), [(EMMA, "/help"), (ADMIN, "/stats")])
async def test_a_photo_is_read_even_where_its_caption_looks_like_a_command(
    stage: Stage, user: int, caption: str
) -> None:
    """The engine of this stage is not started, so it apologises for every photo."""
    await stage.audience(user)
    await stage.people.send_photos(user, [sample("mole")], caption)
    await stage.reply(user, "Something broke on my side. Sorry!")


@pytest.mark.parametrize("in_photo_too", [True, False])
async def test_of_a_live_photo_the_still_is_read(stage: Stage, in_photo_too: bool) -> None:
    """Telegram promises to put the still into `photo` too."""
    await stage.audience(EMMA)
    photo = dump(stage.people.write(EMMA, "a chat to write in"))
    [sent] = await stage.people.send_photos(IVAN, [sample("mole")], None)
    still = dump(sent)["photo"]
    video = {"file_id": "v", "file_unique_id": "v", "width": 9, "height": 9, "duration": 2}
    message = {**photo, "message_id": 77, "live_photo": {**video, "photo": still}}
    del message["text"]
    stage.sandbox.world.updates.push_raw({"message": message | ({"photo": still} if in_photo_too else {})})
    apology = await stage.reply(EMMA, "Something broke on my side. Sorry!")
    assert "could not read this photo" in (apology.text or "")


async def test_what_cannot_be_analysed_is_apologised_for_and_noted_as_failed(stage: Stage) -> None:
    """The engine of this stage is not started, so it can analyse nothing."""
    await stage.audience(EMMA)
    await stage.people.send_photos(EMMA, [sample("mole")], None)
    await stage.reply(EMMA, "Something broke on my side. Sorry!")
    await stage.until(lambda: not any((each.text or "").startswith("🔎") for each in stage.heard(EMMA)))
    # An answer is noted as sent after it was sent.
    async with asyncio.timeout(20):
        while await stage.database.requests.unfinished():
            pass
    [handled] = await stage.database.statistics.since(datetime.now(UTC) - timedelta(days=1))
    assert handled.outcome is Outcome.FAILED

"""A photo that is replaced by an edit: the new one is analysed, and no answer is under the wrong picture."""

import asyncio
from pathlib import Path

from bot.samples import sample
from storage.records import Outcome
from tests.bot.photos.test_outbox import ANSWER, all_closed, moles
from tests.bot.photos.test_service import REFUSED, stage_on_command
from tests.bot.stage import EMMA, Stage

__all__ = ["moles"]

REPLACED = "You have put another photo in this message"


async def test_a_photo_put_in_the_place_of_one_that_was_answered_is_read_anew(moles: Stage) -> None:
    [photo] = await moles.people.send_photos(EMMA, [sample("mole")], None)
    first = await moles.reply(EMMA, ANSWER)
    await moles.people.edit_photo(EMMA, photo.message_id, sample("uneven"))
    note = await moles.reply(EMMA, REPLACED)
    second = await moles.reply(EMMA, ANSWER, after=note.message_id)
    await all_closed(moles)
    assert first.message_id < note.message_id < second.message_id
    assert {each.reply_to_message.message_id for each in (first, note, second) if each.reply_to_message} == {
        photo.message_id
    }
    kept, total = await moles.database.requests.page(EMMA, 0, 5)
    assert total == 2
    assert kept[0].file_unique_id != kept[1].file_unique_id


async def test_a_photo_that_is_replaced_while_it_is_read_is_not_answered(tmp_path: Path) -> None:
    async with stage_on_command(tmp_path) as (stage, pool):
        await stage.audience(EMMA)
        [photo] = await stage.people.send_photos(EMMA, [sample("mole")], None)
        calls = stage.sandbox.world.calls
        await stage.until(lambda: any(each.method == "getFile" for each in calls))
        await stage.people.edit_photo(EMMA, photo.message_id, sample("uneven"))
        async with asyncio.timeout(20):
            while (
                now := await stage.database.requests.of_message(EMMA, photo.message_id)
            ) is None or not now.edited_at:
                pass
        pool.go.set()
        await stage.reply(EMMA, REFUSED)
        await all_closed(stage)
        assert (stage.deliveries(EMMA, REFUSED), stage.deliveries(EMMA, REPLACED)) == (1, 0)
        data = await stage.database.requests.export(EMMA)
        assert [each["outcome"] for each in data["requests"]] == [Outcome.REPLACED, Outcome.REFUSED]


async def test_a_new_caption_is_no_new_photo_and_an_edit_brings_nobody_back(moles: Stage) -> None:
    [photo] = await moles.people.send_photos(EMMA, [sample("mole")], None)
    await moles.reply(EMMA, ANSWER)
    moles.people.edit_text(EMMA, photo.message_id, "my left arm")
    await moles.say(EMMA, "/help", "What the answer means")
    await moles.database.users.delete(EMMA)
    await moles.people.edit_photo(EMMA, photo.message_id, sample("uneven"))
    await moles.say(EMMA, "/help", "What the answer means")
    assert moles.deliveries(EMMA, ANSWER) == 1
    assert await moles.database.users.get(EMMA) is None

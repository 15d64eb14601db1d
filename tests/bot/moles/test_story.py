"""All photos of a mole in order: as a rich message, and without it as an album with a text."""

from pathlib import Path

import pytest
from aiogram.types import Message, RichBlockDetails, RichBlockSlideshow, RichBlockTable

from bot.moles.buttons import Act, OfMole
from bot.sandbox.faults import Fault
from storage.records import Mole
from tests.bot.moles.following import answered, begun, stage_with_moles, tap
from tests.bot.moles.test_moles import second_photo
from tests.bot.stage import EMMA, IVAN, Stage

WORDS = {
    EMMA: ("Cancer or pre-cancer", "What counts as a change", "I see no change in these photos."),
    IVAN: ("Рак или предрак", "Что считается изменением", "По этим фото изменений различить не удалось."),
}


async def mole_with_two_photos(stage: Stage, user: int) -> Mole:
    """Both photos were answered with a picture that Telegram has."""
    mole = await begun(stage, user, await answered(stage, user))
    await second_photo(stage, mole)
    picture = next(each.photo[-1].file_id for each in stage.heard(user) if each.photo)
    for photo in await stage.database.moles.photos(mole):
        await stage.database.requests.answer_again(photo.request.id, photo.request.result or {}, picture)
    return mole


async def told(stage: Stage, mole: Mole, part: str) -> Message:
    last = max(stage.sandbox.world.people[mole.user_id].messages)
    await tap(stage, mole.user_id, OfMole(act=Act.STORY, mole_id=mole.id).pack())

    def find() -> Message | None:
        said = [each for each in stage.heard(mole.user_id) if each.message_id > last]
        return next((each for each in said if part in f"{each.text}{each.rich_message}"), None)

    return await stage.until(find)


@pytest.mark.parametrize("user", [EMMA, IVAN])
async def test_slides_a_table_and_a_part_to_open_come_in_one_message(tmp_path: Path, user: int) -> None:
    group, details, sentence = WORDS[user]
    async with stage_with_moles(tmp_path) as (stage, _pool):
        mole = await mole_with_two_photos(stage, user)
        message = await told(stage, mole, group)
        assert message.rich_message is not None
        blocks = message.rich_message.blocks
        assert [each.type for each in blocks] == ["heading", "slideshow", "paragraph", "table", "details", "footer"]
        _heading, slides, _words, table, more, _footer = blocks
        assert isinstance(slides, RichBlockSlideshow) and len(slides.blocks) == 2
        assert isinstance(table, RichBlockTable) and len(table.cells) == 3
        assert "date_time" in str(table.cells[1][0].text)
        assert isinstance(more, RichBlockDetails) and details in str(more.summary)
        assert sentence in str(blocks)


@pytest.mark.parametrize("user", [EMMA, IVAN])
async def test_an_older_server_gets_the_same_as_an_album_and_a_text(tmp_path: Path, user: int) -> None:
    group, _details, sentence = WORDS[user]
    async with stage_with_moles(tmp_path) as (stage, _pool):
        mole = await mole_with_two_photos(stage, user)
        stage.sandbox.world.faults.faults.append(Fault(kind="unknown_method", method="sendRichMessage"))
        text = await told(stage, mole, group)
        assert sentence in (text.text or "") and text.reply_markup is not None
        album = [each for each in stage.heard(user) if each.media_group_id]
        assert len(album) == 2 and all(each.caption for each in album)


async def test_nobody_sees_the_photos_of_anothers_mole(tmp_path: Path) -> None:
    async with stage_with_moles(tmp_path) as (stage, _pool):
        mole = await mole_with_two_photos(stage, EMMA)
        await stage.audience(IVAN)
        press = await tap(stage, IVAN, OfMole(act=Act.STORY, mole_id=mole.id).pack())
        assert await stage.alert(IVAN, press) == "Эта родинка больше не под наблюдением."

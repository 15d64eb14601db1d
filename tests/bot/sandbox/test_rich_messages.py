"""Rich messages, and drafts of what the bot is writing."""

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import (
    BufferedInputFile,
    InputMediaPhoto,
    InputRichBlockButtons,
    InputRichBlockDetails,
    InputRichBlockList,
    InputRichBlockListItem,
    InputRichBlockParagraph,
    InputRichBlockPhoto,
    InputRichBlockSectionHeading,
    InputRichBlockSlideshow,
    InputRichBlockTable,
    InputRichBlockThinking,
    InputRichMessage,
    RichBlockDetails,
    RichBlockPhoto,
    RichBlockSlideshow,
    RichBlockTable,
    RichBlockTableCell,
    RichMessageButton,
    RichTextBold,
)

from bot.sandbox.client import Person, Refused
from tests.bot.sandbox.playing import EMMA, picture


def paragraph(text: str = "x") -> InputRichBlockParagraph:
    return InputRichBlockParagraph(text=text)


def cell(text: str) -> RichBlockTableCell:
    return RichBlockTableCell(text=text, align="left", valign="top")


async def test_tables_details_and_slideshows_arrive_as_they_are_sent(bot: Bot, emma: Person) -> None:
    photo = InputMediaPhoto(media=BufferedInputFile(picture(400, 300), "a.jpg"))
    sent = await bot.send_rich_message(
        EMMA,
        InputRichMessage(
            blocks=[
                InputRichBlockSectionHeading(text="Left shoulder", size=2),
                InputRichBlockParagraph(text=["It is ", RichTextBold(text="unchanged"), "."]),
                InputRichBlockTable(cells=[[cell("May"), cell("4 mm")]], is_bordered=True),
                InputRichBlockDetails(summary="All kinds", blocks=[paragraph()]),
                InputRichBlockSlideshow(blocks=[InputRichBlockPhoto(photo=photo), InputRichBlockPhoto(photo=photo)]),
                InputRichBlockList(items=[InputRichBlockListItem(blocks=[paragraph()], value=1)]),
            ]
        ),
    )
    assert sent.rich_message is not None
    heading, words, table, details, slides, items = sent.rich_message.blocks
    assert [block.type for block in (heading, words, items)] == ["heading", "paragraph", "list"]
    assert isinstance(table, RichBlockTable)
    assert [part.text for part in table.cells[0]] == ["May", "4 mm"]
    assert isinstance(details, RichBlockDetails)
    assert details.summary == "All kinds"
    assert isinstance(slides, RichBlockSlideshow)
    first = slides.blocks[0]
    assert isinstance(first, RichBlockPhoto)
    assert await bot.download(first.photo[-1]) is not None
    assert (await emma.messages())[-1]["rich_message"]["blocks"][1]["text"][1]["type"] == "bold"


async def test_a_button_in_a_rich_message_can_be_pressed(bot: Bot, emma: Person) -> None:
    buttons = InputRichBlockButtons(buttons=[RichMessageButton(text="Why?", callback_data="why", style="link")])
    sent = await bot.send_rich_message(EMMA, InputRichMessage(blocks=[buttons]))
    await emma.press(sent.message_id, "why")
    (update,) = await bot.get_updates()
    assert update.callback_query is not None
    assert update.callback_query.data == "why"


async def test_a_rich_message_and_a_text_take_each_others_place(bot: Bot, emma: Person) -> None:
    sent = await bot.send_message(EMMA, "plain")
    rich = InputRichMessage(blocks=[paragraph("rich")])
    await bot.edit_message_text(chat_id=EMMA, message_id=sent.message_id, rich_message=rich)
    shown = (await emma.messages())[-1]
    assert "text" not in shown
    assert shown["rich_message"]["blocks"][0]["text"] == "rich"
    await bot.edit_message_text("plain", chat_id=EMMA, message_id=sent.message_id)
    assert "rich_message" not in (await emma.messages())[-1]


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (InputRichMessage(), "RICH_MESSAGE_CONTENT_REQUIRED"),
        (InputRichMessage(blocks=[]), "RICH_MESSAGE_CONTENT_REQUIRED"),
        (InputRichMessage(blocks=[paragraph("x" * 32_769)]), "too long"),
        (InputRichMessage(blocks=[paragraph()] * 501), "too many blocks"),
        (InputRichMessage(blocks=[InputRichBlockTable(cells=[[cell("x")] * 21])]), "too many columns"),
        (InputRichMessage(blocks=[InputRichBlockThinking(text="…")]), "a thinking block belongs in a draft"),
        (InputRichMessage(html="<p>x</p>", blocks=[paragraph()]), "exactly one"),
        (InputRichMessage(blocks=[InputRichBlockButtons(buttons=[])]), "wrong number of buttons"),
    ],
)
async def test_a_rich_message_over_a_limit_or_without_content_is_refused(
    bot: Bot, emma: Person, message: InputRichMessage, words: str
) -> None:
    with pytest.raises(TelegramBadRequest, match=words):
        await bot.send_rich_message(EMMA, message)


async def test_a_draft_is_shown_until_the_bot_sends_the_message(bot: Bot, emma: Person) -> None:
    before = await emma.messages()
    assert await bot.send_message_draft(EMMA, 5, text="It <b>looks</b>", parse_mode="HTML")
    draft = (await emma.transcript())["draft"]
    assert (draft["draft_id"], draft["text"], draft["entities"][0]["type"]) == (5, "It looks", "bold")
    assert await emma.messages() == before
    assert await bot.send_rich_message_draft(
        EMMA, 5, rich_message=InputRichMessage(blocks=[InputRichBlockThinking(text="…")])
    )
    assert (await emma.transcript())["draft"]["rich_message"]["blocks"][0]["type"] == "thinking"
    await bot.send_photo(EMMA, BufferedInputFile(picture(), "a.jpg"), caption="It looks harmless")
    assert (await emma.transcript())["draft"] is None


async def test_a_draft_needs_a_number_and_a_private_chat(bot: Bot, emma: Person) -> None:
    group = await emma.gather("Family")
    with pytest.raises(TelegramBadRequest, match="TEXTDRAFT_PEER_INVALID"):
        await bot.send_message_draft(group, 5, text="x")
    with pytest.raises(TelegramBadRequest, match="must be non-zero"):
        await bot.send_message_draft(EMMA, 0, text="x")
    with pytest.raises(TelegramBadRequest, match="message is too long"):
        await bot.send_message_draft(EMMA, 5, text="x" * 4097)


async def test_a_person_stops_a_draft_that_can_be_stopped(bot: Bot, emma: Person) -> None:
    await bot.send_message_draft(EMMA, 5, text="x")
    with pytest.raises(Refused, match="nothing to stop"):
        await emma.act("stop")
    await bot.send_message_draft(EMMA, 5, text="x", can_stop=True)
    await emma.act("stop")
    (update,) = await bot.get_updates()
    assert update.stopped_message_generation is not None
    assert update.stopped_message_generation.draft_id == 5
    assert (await emma.transcript())["draft"] is None

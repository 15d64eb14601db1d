"""What the chat page shows besides plain messages: groups, topics, keyboards, rich messages, edits."""

from collections.abc import AsyncIterator

import pytest_asyncio
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.types import (
    BufferedInputFile,
    CopyTextButton,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    InputRichBlockDetails,
    InputRichBlockParagraph,
    InputRichBlockPhoto,
    InputRichBlockSectionHeading,
    InputRichBlockSlideshow,
    InputRichBlockTable,
    InputRichMessage,
    KeyboardButton,
    KeyboardButtonRequestUsers,
    ReplyKeyboardMarkup,
    RichBlockTableCell,
)
from aiohttp import ClientSession
from playwright.async_api import Browser, Page, expect

from bot.demo import demo_sandbox
from bot.samples import sample
from bot.sandbox import Sandbox
from bot.sandbox.client import Person
from tests.e2e.browsing import opened

EMMA, IVAN = 1001, 1002


@pytest_asyncio.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with demo_sandbox(1) as sandbox:
        yield sandbox


@pytest_asyncio.fixture
async def bot(sandbox: Sandbox) -> AsyncIterator[Bot]:
    session = AiohttpSession(api=TelegramAPIServer.from_base(sandbox.base_url))
    yield Bot(sandbox.token, session=session)
    await session.close()


@pytest_asyncio.fixture
async def emma(sandbox: Sandbox, http: ClientSession) -> Person:
    person = Person(http, sandbox.base_url, EMMA, "Emma", "en")
    await person.write("hello")
    return person


@pytest_asyncio.fixture
async def page(browser: Browser, sandbox: Sandbox, emma: Person) -> AsyncIterator[Page]:
    """The page on a phone, as Emma."""
    async with opened(browser, f"{sandbox.base_url}/#{EMMA}") as page:
        await expect(page.locator("#messages")).to_contain_text("hello")
        yield page


async def fits(page: Page) -> bool:
    """Whether nothing sticks out to the side."""
    return bool(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


async def test_a_rich_message_has_its_table_its_details_and_its_slides(page: Page, bot: Bot) -> None:
    photo = InputRichBlockPhoto(photo=InputMediaPhoto(media=BufferedInputFile(sample("mole"), "a.jpg")))
    cells = [[RichBlockTableCell(text=text, align="left", valign="top") for text in row] for row in (["May", "4 mm"],)]
    blocks = [
        InputRichBlockSectionHeading(text="Left shoulder", size=2),
        InputRichBlockTable(cells=cells, is_bordered=True),
        InputRichBlockDetails(summary="All kinds", blocks=[InputRichBlockParagraph(text="Mole 90 %")]),
        InputRichBlockSlideshow(blocks=[photo, photo]),
    ]
    await bot.send_rich_message(EMMA, InputRichMessage(blocks=blocks))
    shown = page.locator(".rich")
    await expect(shown.get_by_role("heading", name="Left shoulder")).to_be_visible()
    await expect(shown.get_by_role("cell", name="4 mm")).to_be_visible()
    await expect(shown.get_by_text("Mole 90 %")).to_be_hidden()
    await shown.get_by_text("All kinds").click()
    await expect(shown.get_by_text("Mole 90 %")).to_be_visible()
    await expect(shown.locator(".slideshow img")).to_have_count(2)
    await expect(shown.locator("img").first).to_have_js_property("complete", True)
    assert await fits(page)


async def test_a_draft_stands_below_the_messages_until_the_answer_comes(page: Page, bot: Bot) -> None:
    await bot.send_message_draft(EMMA, 5, text="It looks")
    await expect(page.locator(".draft")).to_have_text("It looks")
    await bot.send_message(EMMA, "It looks harmless")
    await expect(page.locator(".draft")).to_have_count(0)
    await expect(page.locator(".turn").last).to_contain_text("It looks harmless")


async def test_buttons_are_coloured_and_copy(page: Page, bot: Bot) -> None:
    buttons = [
        InlineKeyboardButton(text="Delete", callback_data="off", style="danger"),
        InlineKeyboardButton(text="Code", copy_text=CopyTextButton(text="AB-12")),
    ]
    await bot.send_message(EMMA, "Sure?", reply_markup=InlineKeyboardMarkup(inline_keyboard=[buttons]))
    red = page.get_by_role("button", name="Delete")
    assert await red.evaluate("node => getComputedStyle(node).backgroundColor") == "rgb(180, 35, 24)"
    await page.context.grant_permissions(["clipboard-write"])
    await page.get_by_role("button", name="Code").click()
    await expect(page.locator("#toast")).to_have_text("Copied")


async def test_a_doctor_is_picked_from_the_people(page: Page, bot: Bot) -> None:
    request = KeyboardButtonRequestUsers(request_id=7, request_name=True)
    markup = ReplyKeyboardMarkup(keyboard=[[KeyboardButton(text="My doctor", request_users=request)]])
    await bot.send_message(EMMA, "Who?", reply_markup=markup)
    await page.get_by_role("button", name="My doctor").click()
    await page.locator("#picker").get_by_label("Иван").check()
    await page.locator("#picker").get_by_role("button", name="Choose").click()
    await expect(page.locator(".turn.service")).to_have_text("Emma chose Иван")


async def test_a_time_is_shown_in_the_readers_words_and_a_quotation_opens(page: Page, bot: Bot) -> None:
    quotation = "\n".join(f"line {number}" for number in range(9))
    text = f'<tg-time unix="1767182400" format="D">soon</tg-time><blockquote expandable>{quotation}</blockquote>'
    await bot.send_message(EMMA, text, parse_mode="HTML")
    answer = page.locator(".turn").last
    await expect(answer).to_contain_text("31 December 2025")
    quote = answer.locator("blockquote")
    closed = await quote.evaluate("node => node.clientHeight")
    await quote.click()
    assert await quote.evaluate("node => node.clientHeight") > 2 * closed


async def test_a_group_and_its_topics_are_chats_of_their_own(page: Page, bot: Bot, emma: Person) -> None:
    group = await emma.gather("Clinic", IVAN, forum=True)
    topic = await emma.open_topic("Left arm", group)
    await page.get_by_role("button", name="Clinic").click()
    await expect(page.locator("#messages")).not_to_contain_text("hello")
    await page.locator("#topics").get_by_role("button", name="Left arm").click()
    await page.get_by_label("Message", exact=True).fill("/help@lesion_triage_bot")
    await page.keyboard.press("Enter")
    await expect(page.locator(".turn.mine")).to_contain_text("/help@lesion_triage_bot")
    update = (await bot.get_updates())[-1]
    assert update.message is not None
    assert (update.message.chat.id, update.message.message_thread_id) == (group, topic)
    await bot.send_message(group, "outside")
    await bot.send_message(group, "inside", message_thread_id=topic)
    await expect(page.locator("#messages")).to_contain_text("inside")
    await expect(page.locator("#messages")).not_to_contain_text("outside")
    await expect(page.locator(".turn .who").last).to_have_text("Lesion triage")
    assert await fits(page)


async def test_a_photo_is_replaced_its_caption_edited_and_a_message_answered(
    page: Page, bot: Bot, emma: Person
) -> None:
    await emma.send_photos(sample("mole"), caption="since May")
    mine = page.locator(".turn.mine").last
    await mine.get_by_role("button", name="⋯").click()
    async with page.expect_file_chooser() as chooser:
        await page.get_by_role("button", name="Put another photo in its place").click()
    other = {"name": "other.jpg", "mimeType": "image/jpeg", "buffer": sample("uneven")}
    await (await chooser.value).set_files([other])
    await expect(mine).to_contain_text("edited")
    await mine.get_by_role("button", name="⋯").click()
    await page.get_by_role("button", name="Edit the words").click()
    await page.get_by_label("Message", exact=True).fill("since June")
    await page.keyboard.press("Enter")
    await expect(mine).to_contain_text("since June")
    await bot.send_message(EMMA, "really?")
    asked = page.locator(".turn", has_text="really?")
    await asked.get_by_role("button", name="⋯").click()
    await page.get_by_role("button", name="Reply").click()
    await page.get_by_label("Message", exact=True).fill("yes")
    await page.keyboard.press("Enter")
    await expect(page.locator(".turn.mine").last.locator(".reply")).to_have_text("really?")
    updates = await bot.get_updates()
    kinds = [update.event_type for update in updates]
    assert kinds[-3:] == ["edited_message", "edited_message", "message"]


async def test_reports_and_archives_are_offered_as_downloads(page: Page, bot: Bot) -> None:
    for name in ("report.pdf", "export.zip"):
        await bot.send_document(EMMA, BufferedInputFile(b"x" * 2048, name))
        file = page.locator(".file").last
        await expect(file).to_contain_text(name)
        await expect(file).to_contain_text("2.0 KB")
        async with page.expect_download() as download:
            await file.click()
        assert (await download.value).suggested_filename == name


async def test_a_link_to_the_bot_starts_it_with_what_the_link_carries(page: Page, bot: Bot) -> None:
    address = "https://t.me/lesion_triage_bot?start=share_AB-12"
    await bot.send_message(EMMA, f"Open {address}")
    await page.get_by_role("link", name=address).click()
    await expect(page.locator(".turn.mine").last).to_contain_text("/start share_AB-12")
    button = InlineKeyboardButton(text="Open", url=address)
    await bot.send_message(EMMA, "Or so", reply_markup=InlineKeyboardMarkup(inline_keyboard=[[button]]))
    await page.get_by_role("link", name="Open ↗").click()
    await expect(page.locator(".turn.mine")).to_have_count(3)


async def test_made_up_messages_of_other_kinds_are_sent(page: Page, bot: Bot) -> None:
    await page.get_by_role("button", name="Attach").click()
    await page.get_by_role("button", name="Voice").click()
    await expect(page.locator(".turn.mine").last).to_contain_text("Voice message")

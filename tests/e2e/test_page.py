"""The chat page in a real browser: headless Chromium, with a small bot behind the sandbox."""

import asyncio
import re
from collections.abc import AsyncIterator

import pytest_asyncio
from aiogram import Bot, Dispatcher, F, Router
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.types import (
    BotCommand,
    BufferedInputFile,
    CallbackQuery,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    Message,
)
from playwright.async_api import Browser, Page, Route, expect

from bot.demo import demo_sandbox
from bot.sandbox import Sandbox
from tests.e2e.browsing import choose, opened

EMMA, IVAN = 1001, 1002
HOSTILE = "<img src=x onerror='document.title=1'> &amp;"


def answering() -> Router:
    """A bot of a few lines that uses everything the page shows."""
    router = Router()

    @router.message(F.text == "/start")
    async def start(message: Message) -> None:
        buttons = [
            InlineKeyboardButton(text="Agree", callback_data="yes"),
            InlineKeyboardButton(text="Why?", callback_data="why"),
        ]
        text = '<b>Hello</b> <i>you</i>, see /help or <a href="https://a.example/">this</a>.'
        keyboard = InlineKeyboardMarkup(inline_keyboard=[buttons])
        await message.answer(text, parse_mode="HTML", reply_markup=keyboard)

    @router.callback_query(F.data == "yes")
    async def agree(query: CallbackQuery) -> None:
        assert isinstance(query.message, Message)
        await query.message.edit_text("Thank you")
        await query.answer("Noted")

    @router.callback_query()
    async def explain(query: CallbackQuery) -> None:
        await query.answer("Because it is asked", show_alert=True)

    @router.message(F.photo)
    async def look(message: Message, bot: Bot) -> None:
        progress = await message.answer("Looking")
        await bot.send_chat_action(message.chat.id, "upload_photo")
        assert message.photo is not None
        file = await bot.download(message.photo[-1])
        assert file is not None
        picture = BufferedInputFile(file.read(), "a.jpg")
        await message.reply_photo(picture, caption=f"seen with {message.caption}")
        await progress.delete()

    @router.message()
    async def echo(message: Message) -> None:
        await message.answer(f"{message.content_type.value}: {message.text}")

    return router


@pytest_asyncio.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with demo_sandbox(1) as sandbox:
        session = AiohttpSession(api=TelegramAPIServer.from_base(sandbox.base_url))
        bot = Bot(sandbox.token, session=session)
        await bot.set_my_commands([BotCommand(command="help", description="How it works")])
        await bot.set_my_commands([BotCommand(command="help", description="Как это работает")], language_code="ru")
        await bot.set_my_description("Tells what a mole resembles")
        dispatcher = Dispatcher()
        dispatcher.include_router(answering())
        # Handled as tasks, an update could outlive the session and open another, which nobody closes.
        polling = asyncio.create_task(
            dispatcher.start_polling(bot, handle_signals=False, handle_as_tasks=False, close_bot_session=False)
        )
        yield sandbox
        await dispatcher.stop_polling()
        await polling
        await session.close()


@pytest_asyncio.fixture
async def page(browser: Browser, sandbox: Sandbox) -> AsyncIterator[Page]:
    """The page on a phone, as Emma."""
    async with opened(browser, f"{sandbox.base_url}/#{EMMA}") as page:
        yield page


async def test_a_conversation(page: Page) -> None:
    messages = page.locator("#messages")
    await expect(messages).to_contain_text("Tells what a mole resembles")
    await page.get_by_role("button", name="Start", exact=True).click()
    answer = messages.locator(".turn:not(.mine)").last
    await expect(answer.locator("strong")).to_have_text("Hello")
    await expect(answer.locator("em")).to_have_text("you")
    await expect(answer.get_by_role("link", name="this")).to_have_attribute("href", "https://a.example/")

    await answer.get_by_role("button", name="Why?").click()
    alert = page.locator("#alert")
    await expect(alert).to_contain_text("Because it is asked")
    await alert.get_by_role("button", name="OK").click()
    await answer.get_by_role("button", name="Agree").click()
    await expect(messages).to_contain_text("Thank you")
    await expect(messages).to_contain_text("edited")
    await expect(page.locator("#toast")).to_have_text("Noted")
    await expect(messages.get_by_role("button", name="Agree")).to_have_count(0)

    await page.get_by_role("button", name="Commands").click()
    await page.locator("#menu").get_by_role("button", name="/help How it works").click()
    await expect(messages).to_contain_text("text: /help")


async def test_what_is_written_is_never_read_as_html(page: Page) -> None:
    await page.get_by_role("button", name="Start", exact=True).click()
    await page.get_by_label("Message", exact=True).fill(HOSTILE)
    await page.keyboard.press("Enter")
    await expect(page.locator(".turn.mine .words").last).to_have_text(HOSTILE)
    await expect(page.locator(".turn:not(.mine) .words").last).to_have_text(f"text: {HOSTILE}")
    assert await page.locator("#messages img").count() == 0
    assert await page.title() == "Chat with the bot"


async def test_a_sample_picture_is_sent_and_answered(page: Page) -> None:
    await page.get_by_role("button", name="Start", exact=True).click()
    await page.get_by_role("button", name="Attach").click()
    await page.get_by_role("button", name="Sample picture").click()
    await expect(page.locator("#samples")).to_contain_text("drawn by code")
    await page.get_by_role("button", name="A round mole").click()
    await page.locator("#preview").get_by_label("Caption").fill("since May")
    await page.locator("#preview").get_by_role("button", name="Send").click()
    answer = page.locator(".turn:not(.mine)").last
    await expect(answer).to_contain_text("seen with since May")
    await expect(answer.locator(".reply")).to_have_text("since May")
    await expect(page.locator("#messages").get_by_text("Looking")).to_have_count(0)
    shown = answer.locator("img")
    await expect(shown).to_have_js_property("complete", True)
    await expect(shown).to_have_js_property("naturalWidth", 600)
    await answer.get_by_role("button", name="Enlarge").click()
    await expect(page.locator("#viewer")).to_be_visible()


async def test_an_album_stands_together_and_each_photo_is_answered(page: Page) -> None:
    await page.get_by_role("button", name="Start", exact=True).click()
    await choose(page, "mole", "uneven", "skin")
    await page.locator("#preview").get_by_role("button", name="Send").click()
    await expect(page.locator(".turn.mine").last.locator("img")).to_have_count(3)
    await expect(page.locator(".turn:not(.mine) img")).to_have_count(3)


async def test_what_a_person_sends_comes_into_view_wherever_they_had_scrolled(page: Page) -> None:
    await page.get_by_role("button", name="Start", exact=True).click()
    mine = page.locator(".turn.mine")
    for number in range(2):  # two photos with their answers are longer than a phone
        await choose(page, "mole")
        await page.locator("#preview").get_by_role("button", name="Send").click()
        await expect(mine).to_have_count(2 + number)
        await expect(page.locator(".turn:not(.mine) img")).to_have_count(1 + number)
    await page.locator("#messages").evaluate("box => box.scrollTo(0, 0)")
    await expect(page.locator("#to-end")).to_be_visible()
    await page.get_by_label("Message", exact=True).fill("and what of this?")
    await page.keyboard.press("Enter")
    await expect(mine.last).to_contain_text("this?")
    await expect(mine.last).to_be_in_viewport()


async def test_the_page_stays_at_the_end_while_photos_are_sent_and_loaded(page: Page) -> None:
    async def later(route: Route) -> None:
        await asyncio.sleep(0.3)
        await route.continue_()

    # Photos that arrive after their message, as over a network.
    await page.route("**/sim/files/*", later)
    await page.get_by_role("button", name="Start", exact=True).click()
    for number in range(4):
        await choose(page, "mole")
        await page.locator("#preview").get_by_role("button", name="Send").click()
        await expect(page.locator(".turn:not(.mine) img")).to_have_count(1 + number)
        await expect(page.locator("#messages").get_by_text("Looking")).to_have_count(0)
        for image in await page.locator("#messages img").all():
            await expect(image).to_have_js_property("complete", True)
        await page.wait_for_timeout(100)
        gap = await page.locator("#messages").evaluate("box => box.scrollHeight - box.scrollTop - box.clientHeight")
        assert gap < 1, f"after photo {number + 1}"
        await expect(page.locator("#to-end")).to_be_hidden()


async def test_a_photo_can_be_sent_as_a_file(page: Page) -> None:
    await page.get_by_role("button", name="Start", exact=True).click()
    await choose(page, "mole")
    await page.locator("#preview").get_by_label("as a file").check()
    await page.locator("#preview").get_by_role("button", name="Send").click()
    await expect(page.locator(".turn.mine .file").last).to_contain_text("mole.jpg")
    await expect(page.locator(".turn:not(.mine)").last).to_contain_text("document")


async def test_photos_can_be_dropped(page: Page, sandbox: Sandbox) -> None:
    await page.get_by_role("button", name="Start", exact=True).click()
    data = await page.evaluate_handle(
        """async () => {
            const transfer = new DataTransfer();
            for (const name of [0, 2]) {
                const blob = await (await fetch(`/sim/samples/${name}`)).blob();
                transfer.items.add(new File([blob], `${name}.jpg`, { type: "image/jpeg" }));
            }
            return transfer;
        }"""
    )
    await page.dispatch_event("#messages", "dragenter", {"dataTransfer": data})
    await expect(page.get_by_text("Drop the photos here")).to_be_visible()
    await page.dispatch_event("#messages", "drop", {"dataTransfer": data})
    await expect(page.locator("#preview-title")).to_have_text("Send 2 files")
    await page.locator("#preview").get_by_role("button", name="Send").click()
    await expect(page.locator(".turn.mine").last.locator("img")).to_have_count(2)


async def test_the_people_have_chats_of_their_own(page: Page, sandbox: Sandbox) -> None:
    await page.get_by_role("button", name="Start", exact=True).click()
    await expect(page.locator("#messages")).to_contain_text("Hello")
    ivan = page.get_by_role("button", name=re.compile("Иван"))
    await ivan.click()
    await expect(page.locator("#messages")).not_to_contain_text("Hello")
    await page.get_by_role("button", name="Start", exact=True).click()
    await page.get_by_role("button", name="Commands").click()
    await expect(page.locator("#menu")).to_contain_text("Как это работает")
    await page.get_by_role("button", name=re.compile("Emma")).click()
    await expect(page.locator("#messages")).to_contain_text("Hello")

    bot = Bot(sandbox.token, session=AiohttpSession(api=TelegramAPIServer.from_base(sandbox.base_url)))
    await bot.send_message(IVAN, "news")
    await expect(ivan.locator(".unread")).to_have_text("1")
    await bot.session.close()


async def test_the_indicator_shows_what_the_bot_is_doing(page: Page, sandbox: Sandbox) -> None:
    await page.get_by_role("button", name="Start", exact=True).click()
    await expect(page.locator("#messages")).to_contain_text("Hello")
    bot = Bot(sandbox.token, session=AiohttpSession(api=TelegramAPIServer.from_base(sandbox.base_url)))
    await bot.send_chat_action(EMMA, "typing")
    await expect(page.get_by_role("status").first).to_have_text("typing…")
    await bot.send_message(EMMA, "done")
    await expect(page.get_by_role("status").first).to_have_text("bot")
    await bot.session.close()


async def test_the_bots_calls_are_shown_beside_the_chat(page: Page) -> None:
    await page.get_by_role("button", name="Start", exact=True).click()
    await expect(page.locator("#messages")).to_contain_text("Hello")
    await expect(page.locator("#calls")).to_be_hidden()
    await page.get_by_role("button", name="What the bot calls").click()
    await expect(page.locator("#call-list li").first).to_contain_text("sendMessage")


async def test_a_blocked_bot_can_be_let_in_again(page: Page) -> None:
    await page.get_by_role("button", name="Start", exact=True).click()
    await page.get_by_role("button", name="Attach").click()
    await page.get_by_role("button", name="Stop and block the bot").click()
    await page.get_by_role("button", name="Unblock the bot").click()
    await expect(page.get_by_label("Message", exact=True)).to_be_visible()

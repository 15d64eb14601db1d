"""People with phones: the real bot, its chat page in a real browser 390 pixels wide, and pictures of the page.

It needs chromium, fonts-dejavu-core and fonts-noto-color-emoji of Debian.
"""

import argparse
import asyncio
import io
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pypdfium2
from aiohttp import ClientSession
from PIL import Image
from playwright.async_api import Browser, Locator, Page, TimeoutError, async_playwright

from benchmarks.load.chats import is_progress
from benchmarks.load.processes import ROOT, BotProcess, sandbox_process
from bot.sandbox.client import Message, Person, words

CHROMIUM = Path("/usr/bin/chromium")
WIDTH, HEIGHT, TALL = 390, 844, 3600
PAGE_WIDTH, PAGE_GAP = 620, 14
SHARPNESS = 1
"""Pixels of a picture for each pixel of the page."""
TIMEOUT_SECONDS = 300.0
"""Enough for a busy machine."""


def options(
    program: str, description: str | None, *, number: int = 1, out: Path = ROOT / "docs" / "patient"
) -> argparse.Namespace:
    """The arguments of a program that takes pictures: `number` photos, and the folder of the pictures."""
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.{program}", description=description)
    help_ = "a photo whose licence lets it stand in docs/"
    parser.add_argument("photos", type=Path, nargs=number, metavar="PHOTO", help=help_)
    parser.add_argument("--out", type=Path, default=out, help=f"folder of the pictures (default: {out.name})")
    return parser.parse_args()


# A notice that fades would lie over the chat.
NO_NOTICES = "#toast { display: none }"
SCROLLED_TO = """message => {
    const chat = document.querySelector("#messages");
    chat.scrollTop += message.getBoundingClientRect().top - chat.getBoundingClientRect().top - 6;
}"""


class Phones:
    """Provides phones in one browser, all for one bot with its data in a folder."""

    def __init__(self, http: ClientSession, browser: Browser, address: str, folder: Path) -> None:
        self._http = http
        self._browser = browser
        self._address = address
        self.folder = folder

    async def hand(self, user_id: int, name: str, language: str) -> "Phone":
        """A phone for a person of this number, name and language."""
        page = await self._browser.new_page(
            viewport={"width": WIDTH, "height": HEIGHT},
            device_scale_factor=SHARPNESS,
            locale={"ru": "ru-RU"}.get(language, "en-GB"),
            bypass_csp=True,
        )
        phone = Phone(self._http, self._address, user_id, name, language, page)
        await phone.join()
        await page.goto(f"{self._address}/#{user_id}")
        await page.add_style_tag(content=NO_NOTICES)
        return phone


@asynccontextmanager
async def phones(*, topics: bool = False) -> AsyncIterator[Phones]:
    """Run the sandbox, the bot and a browser; private chats may have `topics`."""
    with tempfile.TemporaryDirectory() as folder, sandbox_process() as address:
        bot = BotProcess(
            address, Path(folder), {"PHOTO_SECONDS": str(int(TIMEOUT_SECONDS)), "OPERATOR": "Example Clinic"}
        )
        try:
            async with async_playwright() as playwright, ClientSession() as http:
                async with http.post(f"{address}/sim/bot", json={"has_topics_enabled": topics}) as response:
                    response.raise_for_status()
                bot.start()
                arguments = ["--no-sandbox", "--disable-gpu"]
                browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
                yield Phones(http, browser, address, Path(folder))
                await browser.close()
        finally:
            bot.stop()


class Phone(Person):
    """A person who waits for each answer, and the page that shows it."""

    def __init__(self, http: ClientSession, api_url: str, user_id: int, name: str, language: str, page: Page) -> None:
        super().__init__(http, api_url, user_id, name, language)
        self._page = page
        self._seen = 0

    async def agree(self) -> None:
        """The first contact: /start and the button of consent."""
        await self.tap(await self.ask("/start"), "consent")
        # The page offers to start until it is loaded again.
        await self._reload()

    async def ask(self, text: str) -> Message:
        """Write something; returns the bot's next message."""
        await self.write(text)
        return await self.answer()

    async def show(self, *photos: bytes, **fields: Any) -> Message:
        """Send photos; returns the last message about them."""
        await self.send_photos(*photos, **fields)
        return await self.settled()

    async def settled(self) -> Message:
        """The last message of the bot, when no photo waits or is analysed."""
        await self.answer()
        await self.wait(lambda chat: None if any(map(is_progress, chat["messages"])) else True, TIMEOUT_SECONDS)
        last = [each for each in await self.messages() if each["from"]["is_bot"]][-1]
        self._seen = last["message_id"]
        return last

    async def tap(self, message: Message, button: str) -> Message:
        """Press a button that leads to a new message, by its data or the beginning of it."""
        await self.press(message["message_id"], found(message, button))
        return await self.answer()

    async def turn(self, message: Message, button: str) -> Message:
        """Press a button that changes its message, by its data or the beginning of it."""
        now = await self.latest(message)
        await self.press(message["message_id"], found(now, button))

        def changed(chat: dict[str, Any]) -> Message | None:
            found: Message = next(each for each in chat["messages"] if each["message_id"] == message["message_id"])
            return found if found != now else None

        return await self.wait(changed, TIMEOUT_SECONDS)

    async def latest(self, message: Message) -> Message:
        """A message as it is now."""
        return next(each for each in await self.messages() if each["message_id"] == message["message_id"])

    async def answer(self) -> Message:
        """The bot's next message."""

        def following(chat: dict[str, Any]) -> Message | None:
            for message in chat["messages"]:
                if message["from"]["is_bot"] and message["message_id"] > self._seen and not is_progress(message):
                    self._seen = message["message_id"]
                    found: Message = message
                    return found
            return None

        return await self.wait(following, TIMEOUT_SECONDS)

    async def look_at(self, chat: str) -> None:
        """Switch to another chat by its name."""
        await self._page.locator("#chats").get_by_role("button", name=chat).click()

    async def look_at_topic(self, name: str) -> None:
        """Turn to a topic of the chat by its name."""
        await self._page.locator("#topics").get_by_role("button", name=name).click()

    async def choose(self, name: str, path: Path) -> Message:
        """Choose a person on the keyboard that asks for one, and write a picture of it; the bot's next message."""
        await self._page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
        await self._page.locator("#keyboard button").first.click()
        await self._page.locator("#picker-list label", has_text=name).click()
        await self._write(path)
        await self._page.locator("#picker-send").click()
        return await self.answer()

    async def _reload(self) -> None:
        await self._page.reload()
        await self._page.add_style_tag(content=NO_NOTICES)

    async def _load(self, messages: Sequence[Locator]) -> None:
        """Wait until the page shows these messages; a page that has lost an event is loaded again."""
        for message in messages:
            try:
                await message.wait_for(timeout=15_000)
            except TimeoutError:
                await self._reload()
                await message.wait_for(timeout=TIMEOUT_SECONDS * 1000)

    async def picture(self, first: Message, path: Path, last: Message | None = None) -> None:
        """Write the page as a picture of 64 colours, high enough to show everything from `first` to `last`."""
        await self._page.set_viewport_size({"width": WIDTH, "height": TALL})
        ends = [self._page.locator(f'article[data-ids~="{each["message_id"]}"]') for each in (first, last or first)]
        await self._load(ends)
        await self._page.wait_for_function("[...document.images].every(each => each.complete)")
        await self._page.wait_for_timeout(500)
        top, bottom = [await end.bounding_box() for end in ends]
        around = await self._page.evaluate("innerHeight - document.querySelector('#messages').clientHeight")
        if top is None or bottom is None:
            raise LookupError("the page does not show this message")
        height = round(bottom["y"] + bottom["height"] - top["y"] + around + 12)
        await self._page.set_viewport_size({"width": WIDTH, "height": height})
        await ends[0].evaluate(SCROLLED_TO)
        await self._page.wait_for_timeout(500)
        await self._write(path)

    async def pages(self, document: Message, path: Path) -> None:
        """Write the pages of a PDF in the chat side by side."""
        content = await self.file(document["document"]["file_id"])
        await asyncio.to_thread(_save, _side_by_side(content), path)

    async def _write(self, path: Path) -> None:
        shown = Image.open(io.BytesIO(await self._page.screenshot())).convert("RGB")
        path.parent.mkdir(parents=True, exist_ok=True)
        await asyncio.to_thread(_save, shown, path)


def _side_by_side(pdf: bytes) -> Image.Image:
    drawn = [page.render(scale=PAGE_WIDTH / page.get_width()).to_pil() for page in pypdfium2.PdfDocument(pdf)]
    width = PAGE_WIDTH + PAGE_GAP
    whole = Image.new("RGB", (len(drawn) * width - PAGE_GAP, max(each.height for each in drawn)), (150, 150, 150))
    for number, each in enumerate(drawn):
        whole.paste(each, (number * width, 0))
    return whole


def _save(shown: Image.Image, path: Path) -> None:
    few = shown.quantize(64, Image.Quantize.MAXCOVERAGE, kmeans=1, dither=Image.Dither.NONE)
    few.save(path, optimize=True)


def found(message: Message, button: str) -> str:
    """The data of a button under a message that begins with `button`. Raises LookupError."""
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    data = [each.get("callback_data", "") for row in rows for each in row]
    for each in data:
        if each.startswith(button):
            return str(each)
    raise LookupError(f"no button {button} among {data} under {words(message)!r}")

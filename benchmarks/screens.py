"""`python -m benchmarks.screens`: pictures of the screens of docs/patient.md, from the real bot in a real browser.

It plays a person in each language through the sandbox and takes a picture of each message on the chat page, 390 pixels
wide as on a phone. It needs chromium, fonts-dejavu-core and fonts-noto-color-emoji of Debian.
"""

import argparse
import asyncio
import io
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from aiohttp import ClientSession
from PIL import Image
from playwright.async_api import Page, async_playwright

from benchmarks.load.chats import is_progress
from benchmarks.load.processes import ROOT, BotProcess, sandbox_process
from benchmarks.screenshots import CHROMIUM, SHARPNESS, WIDTH
from bot.samples import sample
from bot.sandbox.client import Message, Person
from bot.ui.callbacks import Past, Show, Strip

PEOPLE = {"en": (1001, "Emma"), "ru": (1002, "Ivan")}
TIMEOUT_SECONDS = 300.0


def main(arguments: list[str] | None = None) -> int:
    """Write the pictures; exit status 0."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.screens", description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "patient", help="folder (default: docs/patient)")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder, sandbox_process() as address:
        # A machine that is busy with other work takes its time.
        bot = BotProcess(address, Path(folder), {"PHOTO_SECONDS": "300", "OPERATOR": "Example Clinic"})
        bot.start()
        try:
            asyncio.run(take(address, options.out))
        finally:
            bot.stop()
    return 0


async def take(address: str, out: Path) -> None:
    """Have the conversation in each language and write a picture of each screen."""
    async with async_playwright() as playwright, ClientSession() as http:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for language, (user_id, name) in PEOPLE.items():
            page = await browser.new_page(
                viewport={"width": WIDTH, "height": 1600}, device_scale_factor=SHARPNESS, locale="en-GB"
            )
            await page.goto(f"{address}/#{user_id}")
            await page.add_style_tag(content="#toast { display: none }")
            person = Person(http, address, user_id, name, language)
            async for screen, message in screens(Patient(person)):
                await save(page, message, out / f"screen-{screen}-{language}.png")
            await page.close()
        await browser.close()


class Patient:
    """A person who waits for each answer."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self._seen = 0

    async def write(self, text: str) -> Message:
        await self.person.write(text)
        return await self.answer()

    async def send(self, name: str) -> Message:
        """Send a drawn photo; its answer, once nothing more is said about it."""
        await self.person.send_photos(sample(name))
        message = await self.answer()
        await self.person.wait(lambda chat: None if any(map(is_progress, chat["messages"])) else True, TIMEOUT_SECONDS)
        return message

    async def press(self, message: Message, data: str) -> Message:
        """Press a button that leads to a new message."""
        await self.person.press(message["message_id"], data)
        return await self.answer()

    async def turn(self, message: Message, data: str) -> Message:
        """Press a button that changes its message."""
        await self.person.press(message["message_id"], data)

        def changed(chat: dict[str, Any]) -> Message | None:
            now: Message = next(each for each in chat["messages"] if each["message_id"] == message["message_id"])
            return now if now.get("edit_date") != message.get("edit_date") or now != message else None

        return await self.person.wait(changed, TIMEOUT_SECONDS)

    async def answer(self) -> Message:
        """The next message of the bot."""

        def find(chat: dict[str, Any]) -> Message | None:
            messages: list[Message] = chat["messages"]
            for message in messages:
                if message["from"]["is_bot"] and message["message_id"] > self._seen and not is_progress(message):
                    self._seen = message["message_id"]
                    return message
            return None

        return await self.person.wait(find, TIMEOUT_SECONDS)


async def screens(patient: Patient) -> AsyncIterator[tuple[str, Message]]:
    """Each screen by name, in the order in which a person may meet them."""
    await patient.press(await patient.write("/start"), Show.CONSENT)
    yield "howto", await patient.write("/howto")
    yield "refused", await patient.send("blurred")
    answer = await patient.send("uneven")
    request_id = _request(answer)
    question = await patient.turn(answer, f"ask:{request_id}:0:-2")
    yield "body", await patient.turn(question, f"ask:{request_id}:1:-2")
    which = await patient.press(answer, f"follow:{request_id}")
    yield "places", await patient.press(which, f"addto:{request_id}:0")
    await patient.send("mole")
    listed = await patient.write("/history")
    yield "history", listed
    yield "pictures", await patient.press(listed, Strip(number=0, by="").pack())
    yield "warned", await patient.turn(listed, Past(number=0, by="warned").pack())
    yield "agreements", await patient.press(await patient.write("/privacy"), Show.AGREEMENTS)
    yield "export", await patient.write("/export")
    yield "delete", await patient.write("/delete")


def _request(answer: Message) -> int:
    data = [each["callback_data"] for row in answer["reply_markup"]["inline_keyboard"] for each in row]
    return int(next(each for each in data if each.startswith("why:")).split(":")[1])


async def save(page: Page, message: Message, path: Path) -> None:
    """Write a picture of one message as the page shows it, in 256 colours."""
    shown = page.locator(f'article[data-ids="{message["message_id"]}"]')
    await shown.scroll_into_view_if_needed()
    await page.wait_for_timeout(800)
    picture = Image.open(io.BytesIO(await shown.screenshot())).convert("RGB")
    picture.quantize(256, Image.Quantize.MEDIANCUT).save(path, optimize=True)


if __name__ == "__main__":
    raise SystemExit(main())

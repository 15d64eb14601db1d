"""The chat page as somebody with a phone uses it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, Page, expect

from bot.samples import sample

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
TIMEOUT_MS = 30_000

expect.set_options(timeout=TIMEOUT_MS)


@asynccontextmanager
async def opened(browser: Browser, address: str) -> AsyncIterator[Page]:
    """The page on a phone; a test fails on any error in it."""
    page = await browser.new_page(viewport={"width": 390, "height": 844}, locale="en-GB")
    page.set_default_timeout(TIMEOUT_MS)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    await page.goto(address)
    yield page
    assert errors == []


async def choose(page: Page, *photos: str | Path) -> None:
    """Picks samples by name, or files, with the button and leaves the preview open."""
    files = [
        {"name": f"{Path(photo).stem}.jpg", "mimeType": "image/jpeg", "buffer": content(photo)} for photo in photos
    ]
    await page.get_by_role("button", name="Attach").click()
    async with page.expect_file_chooser() as chooser:
        await page.get_by_role("button", name="Photo or album").click()
    await (await chooser.value).set_files(files)


def content(photo: str | Path) -> bytes:
    return photo.read_bytes() if isinstance(photo, Path) else sample(photo)

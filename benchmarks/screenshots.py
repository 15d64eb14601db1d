"""`python -m benchmarks.screenshots PHOTO`: the pictures of the README, from the real bot in a real browser.

It starts the bot with its chat page, sends the photo as a person with a phone would, and takes two pictures: the
answer, and what the button under it shows. It needs chromium, fonts-dejavu-core and fonts-noto-color-emoji of Debian.
"""

import argparse
import asyncio
import io
import tempfile
from pathlib import Path

from PIL import Image
from playwright.async_api import Locator, Page, async_playwright, expect

from benchmarks.load.processes import ROOT, BotProcess, sandbox_process

CHROMIUM = Path("/usr/bin/chromium")
WIDTH = 390
SHARPNESS = 1.25
"""Pixels of the picture for each pixel of the page."""
WAIT_MS = 180_000


def main(arguments: list[str] | None = None) -> int:
    """Write `conversation.png` and `explanation.png`; exit status 0."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.screenshots", description=__doc__)
    parser.add_argument("photo", type=Path, help="a photo whose licence lets it stand in docs/")
    parser.add_argument("--out", type=Path, default=ROOT / "docs", help="folder of the pictures (default: docs)")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder, sandbox_process() as address:
        # A busy machine may take long.
        bot = BotProcess(address, Path(folder), {"PHOTO_SECONDS": "300"})
        bot.start()
        try:
            asyncio.run(take(address, options.photo, options.out))
        finally:
            bot.stop()
    return 0


async def take(address: str, photo: Path, out: Path) -> None:
    """Run the conversation on the chat page at `address`, and write both pictures into a folder."""
    expect.set_options(timeout=WAIT_MS)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = await browser.new_page(
            viewport={"width": WIDTH, "height": 844}, device_scale_factor=SHARPNESS, locale="en-GB", bypass_csp=True
        )
        page.set_default_timeout(WAIT_MS)
        await page.goto(address)
        # A fading notice would cover the photo.
        await page.add_style_tag(content="#toast { display: none }")
        answers = page.locator(".turn:not(.mine)")
        await page.get_by_role("button", name="Start", exact=True).click()
        await page.get_by_role("button", name="I understand and agree").click()
        await expect(answers.last).to_contain_text("Now send me a photo")
        await send(page, photo)
        answer = answers.filter(has=page.locator("img")).last
        await expect(answer).to_contain_text("Cancer or pre-cancer")
        await save(page, page.locator(".turn.mine").last, answer, out / "conversation.png")
        await page.get_by_role("button", name="Why?").click()
        explanation = answers.filter(has_text="Why this answer").last
        await expect(explanation).to_be_visible()
        await save(page, explanation, explanation, out / "explanation.png")
        await browser.close()


async def send(page: Page, photo: Path) -> None:
    """Choose a photo with the button of the page and send it."""
    await page.get_by_role("button", name="Attach").click()
    async with page.expect_file_chooser() as chooser:
        await page.get_by_role("button", name="Photo or album").click()
    await (await chooser.value).set_files(photo)
    await page.locator("#preview").get_by_role("button", name="Send").click()


async def save(page: Page, first: Locator, last: Locator, path: Path) -> None:
    """Save the page in 256 colours, high enough to show everything from the message `first` to `last`."""
    await page.wait_for_timeout(1000)
    await page.set_viewport_size({"width": WIDTH, "height": 2400})
    top, bottom = await first.bounding_box(), await last.bounding_box()
    around = await page.evaluate("innerHeight - document.querySelector('#messages').clientHeight")
    assert top is not None and bottom is not None
    height = bottom["y"] + bottom["height"] - top["y"] + around + 12
    await page.set_viewport_size({"width": WIDTH, "height": round(height)})
    await page.locator("#messages").evaluate("messages => messages.scrollTop = messages.scrollHeight")
    await page.wait_for_timeout(500)
    picture = Image.open(io.BytesIO(await page.screenshot())).convert("RGB")
    picture.quantize(256, Image.Quantize.MEDIANCUT).save(path, optimize=True)


if __name__ == "__main__":
    raise SystemExit(main())

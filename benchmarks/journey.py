"""`python -m benchmarks.journey PHOTO`: the pictures of moles and of sharing in docs/patient, from the real bot.

Two people use the chat page on phones 390 pixels wide: a patient in English and a doctor in Russian. It needs what
`benchmarks.screenshots` needs.
"""

import argparse
import asyncio
import re
import tempfile
from pathlib import Path

from aiohttp import ClientSession
from playwright.async_api import Browser, Locator, Page, async_playwright, expect

from benchmarks.load.processes import ROOT, BotProcess, sandbox_process
from benchmarks.screenshots import CHROMIUM, SHARPNESS, WAIT_MS, WIDTH, save, send
from bot.sandbox.client import Person

PATIENT, DOCTOR = 501, 502


def main(arguments: list[str] | None = None) -> int:
    """Write the pictures; exit status 0."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.journey", description=__doc__)
    parser.add_argument("photo", type=Path, help="a photo whose licence lets it stand in docs/")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "patient", help="folder (default: docs/patient)")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder, sandbox_process() as address:
        bot = BotProcess(address, Path(folder), {"PHOTO_SECONDS": "300"})
        bot.start()
        try:
            asyncio.run(walk(address, options.photo, options.out))
        finally:
            bot.stop()
    return 0


async def walk(address: str, photo: Path, out: Path) -> None:
    """Follow a mole, share it, read it as the doctor, and write the pictures into a folder."""
    expect.set_options(timeout=WAIT_MS)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        patient = await opened(browser, address, PATIENT, "Emma", "en")
        await press(patient, "I understand and agree")
        await expect(said(patient)).to_contain_text("Now send me a photo")
        await send(patient, photo)
        for label in ("Follow this mole", "A new mole", "10 · upper back", "Open this mole"):
            await press(patient, label)
        card = said(patient).filter(has_text="Photos: 1")
        await expect(card).to_be_visible()
        await save(patient, card, card, out / "mole-en.png")
        await press(patient, "Share with a doctor")
        await press(patient, "A month")
        link = said(patient).filter(has_text="It opens once")
        await expect(link).to_be_visible()
        await save(patient, link, link, out / "share-en.png")
        found = re.search(r"start=(share_[\w-]+)", await link.inner_text())
        assert found is not None
        doctor = await opened(browser, address, DOCTOR, "Иван", "ru", f"/start {found[1]}")
        offer = said(doctor)
        await press(doctor, "Открыть")
        shown = doctor.locator(".turn:not(.mine)").filter(has=doctor.locator("img")).last
        await expect(shown).to_be_visible()
        await save(doctor, offer, shown, out / "shared-ru.png")
        await press(doctor, "Оставить заметку")
        await press(doctor, "Приходите на приём")
        note = said(patient).filter(has_text="A note about")
        await expect(note).to_be_visible()
        await save(patient, note, note, out / "note-en.png")
        await browser.close()


async def opened(browser: Browser, address: str, user: int, name: str, language: str, first: str = "/start") -> Page:
    """The chat page of somebody whose first words are `first`."""
    async with ClientSession() as http:
        person = await Person(http, address, user, name, language).join()
        await person.write(first)
    page = await browser.new_page(
        viewport={"width": WIDTH, "height": 844}, device_scale_factor=SHARPNESS, locale="en-GB", bypass_csp=True
    )
    page.set_default_timeout(WAIT_MS)
    await page.goto(f"{address}/#{user}")
    # A notice that fades would lie over the chat.
    await page.add_style_tag(content="#toast { display: none }")
    return page


def said(page: Page) -> Locator:
    """The bot's last message."""
    return page.locator(".turn:not(.mine)").last


async def press(page: Page, label: str) -> None:
    """Press the last button with this label."""
    await page.get_by_role("button", name=label).last.click()


if __name__ == "__main__":
    raise SystemExit(main())

"""The main road as a newcomer walks it: the bot, its models and the chat page in a real browser."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from inference.classes import CLASSES
from tests.e2e.browsing import choose, opened
from tests.e2e.playing import Person

ROOT = Path(__file__).resolve().parents[2]
# A real lesion where the data lies beside the repository; what is drawn is there for everybody.
PHONE_PHOTOS = sorted((ROOT.parent / "shared" / "phone").glob("*.jpg"))
WITHOUT_DATA = pytest.mark.skipif(not PHONE_PHOTOS, reason="no photos taken with a phone in ../shared/phone")


@pytest.mark.parametrize("photo", ["mole", pytest.param(PHONE_PHOTOS[:1], marks=WITHOUT_DATA)])
async def test_a_photo_is_answered_with_class_percentages_and_outline(
    browser: Browser, newcomer: Person, photo: str | list[Path]
) -> None:
    async with opened(browser, f"{newcomer.api_url}/#{newcomer.id}") as page:
        answers = page.locator(".turn:not(.mine)")
        await page.get_by_role("button", name="Start", exact=True).click()
        await page.get_by_role("button", name="I understand and agree").click()
        await expect(answers.last).to_contain_text("Now send me a photo")
        await choose(page, *([photo] if isinstance(photo, str) else photo))
        await page.locator("#preview").get_by_role("button", name="Send").click()
        answer = answers.filter(has=page.locator("img")).last
        await expect(answer).to_contain_text("Cancer/pre-cancer")
        bars = r"^[a-z ,.-]{14} +[<>]?\d+%"
        assert len(re.findall(bars, await answer.locator("pre").inner_text(), re.M)) == 3
        await expect(answer).to_contain_text("Not a diagnosis. Unsure? See a doctor.")
        await answer.get_by_role("button", name="All kinds").click()
        await expect(answer.locator("pre")).to_contain_text("firm nodule")
        assert len(re.findall(bars, await answer.locator("pre").inner_text(), re.M)) == len(CLASSES)
        await expect(answer.locator("img")).to_have_js_property("complete", True)

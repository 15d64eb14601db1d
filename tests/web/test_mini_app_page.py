"""The Mini App in headless Chromium, as on a phone: both languages, light and dark, by finger and by keyboard."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from inference.analysis import Risk
from tests.e2e.browsing import TIMEOUT_MS
from tests.web.opening import EMMA, Opened, init_data, opened

THEMES = {
    "light": {"bg_color": "#ffffff", "secondary_bg_color": "#efeff4", "text_color": "#000000", "hint_color": "#999999"},
    "dark": {"bg_color": "#17212b", "secondary_bg_color": "#232e3c", "text_color": "#f5f5f5", "hint_color": "#708499"},
}
NAMES = {
    "en": ("upper back", "nose", "right arm, by the elbow", "right arm", "mole of 3 May 2026"),
    "ru": ("верх спины", "нос", "правая рука, у локтя", "правая рука", "родинка от 3 мая 2026"),
}
WORDS = {
    "en": ("Your moles", "upper back: 1", "Show this spot to a dermatologist within days", "Open in the chat"),
    "ru": ("Ваши родинки", "верх спины: 1", "Покажите это пятно дерматологу", "Открыть в чате"),
}


def launched(service: Opened, data: str, theme: dict[str, str] | None = None) -> str:
    """The address as Telegram's client opens it."""
    launch = {"tgWebAppData": data, "tgWebAppVersion": "9.0", "tgWebAppThemeParams": json.dumps(theme or {})}
    return f"{service.url}/app?bot=lesion_bot#{urlencode(launch)}"


async def fill(service: Opened, language: str = "en") -> None:
    await service.acquaint(EMMA, language)
    back, nose, elbow, arm, other = NAMES[language]
    await service.follow(EMMA, back, Risk.LOW, Risk.LOW, Risk.HIGH)
    await service.follow(EMMA, nose, Risk.LOW)
    await service.follow(EMMA, elbow, Risk.RAISED, Risk.RAISED)
    await service.follow(EMMA, arm, Risk.LOW)
    await service.follow(EMMA, other)


@asynccontextmanager
async def shown(browser: Browser, address: str, **options: Any) -> AsyncIterator[Page]:
    """The page on a phone; a test fails on any error in it, and on a call to another site."""
    page = await browser.new_page(viewport={"width": 390, "height": 844}, **options)
    page.set_default_timeout(TIMEOUT_MS)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if "Security Policy" in message.text else None)
    page.on("request", lambda request: errors.append(request.url) if "127.0.0.1" not in request.url else None)
    await page.goto(address)
    yield page
    assert [each for each in errors if not each.startswith("data:")] == []


async def accessible(page: Page) -> None:
    """By axe-core's rules of WCAG 2.2 AA and its best practices; and nothing runs out of the window."""
    found = await Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide == 0


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("language", NAMES)
async def test_a_person_finds_a_mole_on_the_map_and_its_time_line(
    browser: Browser, tmp_path: Path, language: str, theme: str
) -> None:
    heading, point, urgent, chat = WORDS[language]
    async with opened(tmp_path) as service:
        await fill(service, language)
        async with shown(browser, launched(service, init_data(EMMA, language), THEMES[theme])) as page:
            await expect(page.get_by_role("heading", name=heading)).to_be_visible()
            assert await page.locator("html").get_attribute("lang") == language
            ground = await page.evaluate("getComputedStyle(document.body).backgroundColor")
            assert ground == {"light": "rgb(255, 255, 255)", "dark": "rgb(23, 33, 43)"}[theme]
            await accessible(page)
            await page.screenshot(path=tmp_path / "map.png", full_page=True)
            await page.get_by_role("button", name=point).click()
            line = page.locator("details[open] .line")
            await expect(line.locator("li")).to_have_count(3)
            await expect(line.get_by_text(urgent)).to_be_visible()
            for picture in await line.locator("img").all():
                await expect(picture).to_have_js_property("naturalWidth", 480)
            link = page.get_by_role("link", name=chat)
            assert await link.get_attribute("href") == "https://t.me/lesion_bot?start=mole_1"
            await accessible(page)
            await page.screenshot(path=tmp_path / "mole.png", full_page=True)


async def test_a_point_of_two_moles_opens_both_by_keyboard(browser: Browser, tmp_path: Path) -> None:
    async with opened(tmp_path) as service:
        await fill(service)
        async with shown(browser, launched(service, init_data(EMMA)), color_scheme="dark") as page:
            await page.get_by_role("button", name="right arm: 3, 4").press("Enter")
            await expect(page.locator("details[open]")).to_have_count(2)
            # The keyboard goes on where the eye is.
            await expect(page.locator("summary:focus")).to_contain_text("by the elbow")
            await page.keyboard.press("Enter")
            await expect(page.locator("details[open]")).to_have_count(1)
            await accessible(page)


async def test_the_page_takes_on_the_colours_that_the_client_changes_to(browser: Browser, tmp_path: Path) -> None:
    async with opened(tmp_path) as service:
        await fill(service)
        async with shown(browser, launched(service, init_data(EMMA), THEMES["light"])) as page:
            await expect(page.get_by_role("heading", name="Your moles")).to_be_visible()
            theme = {"theme_params": THEMES["dark"] | {"secondary_bg_color": "url(https://evil.example)"}}
            await page.evaluate("(data) => window.Telegram.WebView.receiveEvent('theme_changed', data)", theme)
            assert await page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(23, 33, 43)"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("", "with the button under /moles"),
        (init_data(EMMA, age=7200), "open it again from the chat"),
        (init_data(EMMA + 1), "nothing to show here"),
    ],
)
async def test_whoever_is_not_let_in_reads_why(browser: Browser, tmp_path: Path, data: str, words: str) -> None:
    async with opened(tmp_path) as service, shown(browser, launched(service, data), locale="en-GB") as page:
        await expect(page.get_by_role("alert")).to_contain_text(words)
        await accessible(page)


async def test_a_mole_that_is_gone_meanwhile_is_told(browser: Browser, tmp_path: Path) -> None:
    async with opened(tmp_path) as service:
        await fill(service)
        async with shown(browser, launched(service, init_data(EMMA)), locale="ru-RU") as page:
            point = page.get_by_role("button", name="nose: 2")
            await expect(point).to_be_visible()
            await service.database.moles.forget(2, EMMA)
            await point.click()
            await expect(page.get_by_role("alert")).to_contain_text("больше не под наблюдением")

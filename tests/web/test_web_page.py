"""The page in headless Chromium, on a phone and on a desk, with and without JavaScript; and by plain requests."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_address
from itertools import count
from typing import Any

import pytest
from aiohttp import ClientSession
from axe_playwright_python.async_playwright import Axe
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from playwright.async_api import Browser, Page, expect
from starlette.requests import Request

from bot.samples import sample
from tests.e2e.browsing import TIMEOUT_MS
from tests.pages import pdf_pages
from tests.web.conftest import Service
from tests.web.serving import received
from tests.web.test_web_api import form
from web.i18n import LANGUAGES, LOCALES, preferred, translator
from web.page import PHOTOS_A_MINUTE, sender

ADDRESSES = (str(ip_address("203.0.113.0") + number) for number in count(1))
CONSENT = {"adult": "yes", "agree": "yes"}
WIDTHS = {"phone": 390, "desk": 1200}
WORDS = {
    "en": ("Analyse the photo", "I am an adult", "I agree", "Photo of one spot", "not a diagnosis"),
    "ru": ("Проверить фото", "Мне есть 18 лет", "Я даю согласие", "Фото одного пятна", "не диагноз"),
}


def stranger() -> dict[str, str]:
    """Whoever has not sent anything yet, as a proxy on this machine tells it."""
    return {"X-Forwarded-For": next(ADDRESSES)}


@asynccontextmanager
async def opened(browser: Browser, address: str, width: int, **options: Any) -> AsyncIterator[Page]:
    """The page in a window of this width; a test fails on any error in it."""
    page = await browser.new_page(viewport={"width": width, "height": 844}, extra_http_headers=stranger(), **options)
    page.set_default_timeout(TIMEOUT_MS)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("requestfailed", lambda request: errors.append(request.url))
    await page.goto(address)
    yield page
    assert errors == []


async def accessible(page: Page) -> None:
    """By axe-core's rules of WCAG 2.2 AA and its best practices; and nothing runs out of the window."""
    found = await Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide == 0


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_person_sends_a_photo_and_reads_the_answer(
    service: Service, browser: Browser, language: str, width: int
) -> None:
    button, adult, agree, photo, note = WORDS[language]
    async with opened(browser, f"{service.url}/{language}", width) as page:
        await accessible(page)
        await page.get_by_label(photo).set_input_files(
            {"name": "mole.jpg", "mimeType": "image/jpeg", "buffer": sample("uneven")}
        )
        await page.get_by_label(adult).check()
        await page.get_by_label(agree).check()
        await page.get_by_role("button", name=button).click()
        await expect(page.get_by_role("img")).to_be_visible()
        await expect(page.get_by_text(note)).to_be_visible()
        assert await page.get_by_role("row").count() == 9
        assert await page.locator("html").get_attribute("lang") == language
        await accessible(page)


async def test_the_page_works_without_javascript_and_by_keyboard(service: Service, browser: Browser) -> None:
    async with opened(browser, f"{service.url}/en", 390, java_script_enabled=False) as page:
        await page.get_by_label("Photo of one spot").set_input_files(
            {"name": "mole.jpg", "mimeType": "image/jpeg", "buffer": sample("mole")}
        )
        await page.get_by_text("What you know of the spot").focus()
        await page.keyboard.press("Enter")
        await page.get_by_label("Age in years").fill("61")
        await page.get_by_label("Place on the body").select_option("back")
        await page.get_by_role("group", name="Has it bled?").get_by_label("yes").check()
        for label in ("I am an adult", "I agree"):
            await page.get_by_label(label).focus()
            await page.keyboard.press("Space")
        await page.get_by_role("button", name="Analyse the photo").press("Enter")
        # Bleeding alone is a reason to go.
        await expect(page.get_by_role("heading", level=1)).to_contain_text("dermatologist look at it within two weeks")
        await expect(page.get_by_text("Most likely: ")).to_be_visible()


@pytest.mark.parametrize("script", [True, False], ids=["with scripts", "without"])
async def test_the_report_for_a_doctor_comes_with_the_page(service: Service, browser: Browser, script: bool) -> None:
    async with opened(browser, f"{service.url}/en", 390, java_script_enabled=script) as page:
        await page.get_by_label("Photo of one spot").set_input_files(
            {"name": "mole.jpg", "mimeType": "image/jpeg", "buffer": sample("mole")}
        )
        for label in ("Make a report", "I am an adult", "I agree"):
            await page.get_by_label(label).check()
        await page.get_by_role("button", name="Analyse the photo").click()
        link = page.get_by_role("link", name="Report for a doctor")
        await expect(link).to_be_visible()
        if script:
            await accessible(page)
        async with page.expect_download() as downloading:
            await link.click()
        download = await downloading.value
        assert download.suggested_filename == "report.pdf"
        assert "Limits" in " ".join(pdf_pages((await download.path()).read_bytes()))


async def test_an_error_is_announced_and_what_was_filled_in_stays(service: Service, browser: Browser) -> None:
    async with opened(browser, f"{service.url}/en", 390) as page:
        await page.get_by_label("Photo of one spot").set_input_files(
            {"name": "mole.jpg", "mimeType": "image/jpeg", "buffer": sample("mole")[:2000]}
        )
        await page.get_by_text("What you know of the spot").click()
        await page.get_by_label("Age in years").fill("61")
        for label in ("I am an adult", "I agree"):
            await page.get_by_label(label).check()
        await page.get_by_role("button", name="Analyse the photo").click()
        await expect(page.get_by_role("alert")).to_contain_text("The picture is damaged")
        assert await page.get_by_label("Age in years").input_value() == "61"
        await accessible(page)


async def posted(http: ClientSession, service: Service, photo: bytes, **fields: str) -> tuple[int, str]:
    response = await received(http.post(f"{service.url}/en", data=form(photo, **fields), headers=stranger()))
    return response.status, await response.text()


async def test_one_address_may_send_so_many_photos_a_minute(service: Service, http: ClientSession) -> None:
    headers = stranger()
    for _ in range(PHOTOS_A_MINUTE):
        assert (await received(http.post(f"{service.url}/en", data={}, headers=headers))).status == 415
    response = await received(http.post(f"{service.url}/en", data={}, headers=headers))
    assert response.status == 429 and "Please wait a minute" in await response.text()
    assert (await received(http.post(f"{service.url}/en", data={}, headers=stranger()))).status == 415


@pytest.mark.parametrize("missing", CONSENT)
async def test_nothing_is_analysed_without_consent(service: Service, http: ClientSession, missing: str) -> None:
    given = {name: value for name, value in CONSENT.items() if name != missing}
    status, text = await posted(http, service, sample("mole"), **given)
    assert status == 422 and "Please tick both boxes" in text and "Most likely" not in text


async def test_a_refusal_says_how_to_take_a_better_photo(service: Service, http: ClientSession) -> None:
    status, text = await posted(http, service, sample("blurred"), **CONSENT)
    assert status == 200 and "Not a diagnosis" in text and "<img" not in text and "<table" not in text


@pytest.mark.parametrize(
    ("photo", "fields", "words"),
    [
        (b"", {}, "Please choose a photo"),
        (b"text", {}, "I cannot read this file"),
        (sample("mole"), {"age": "old"}, "the age in years"),
        (sample("mole"), {"colour": "blue"}, "Something broke"),
    ],
)
async def test_every_error_is_said_on_the_page(
    service: Service, http: ClientSession, photo: bytes, fields: dict[str, str], words: str
) -> None:
    status, text = await posted(http, service, photo, **CONSENT, **fields)
    assert 400 <= status < 500 and words in text and 'role="alert"' in text


async def test_what_a_stranger_writes_is_shown_as_text(service: Service, http: ClientSession) -> None:
    _, text = await posted(http, service, b"text", **CONSENT, age='"><script>alert(1)</script>')
    assert "<script>" not in text and "Dr. &lt;b&gt;Demo&lt;/b&gt;" in text


async def test_no_cache_and_no_other_site_gets_the_page(service: Service, http: ClientSession) -> None:
    response = await received(http.get(f"{service.url}/en"))
    assert response.headers["Cache-Control"] == "no-store" and "Set-Cookie" not in response.headers
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "script-src" not in policy
    assert "://" not in re.sub(r"<!--.*?-->", "", await response.text()), "the page calls nobody"


async def test_the_language_is_what_the_browser_prefers(service: Service, http: ClientSession) -> None:
    headers = {"Accept-Language": "de;q=0.9, ru-RU;q=0.8, en;q=0.1"}
    response = await received(http.get(service.url, headers=headers, allow_redirects=False))
    assert response.headers["Location"] == "/ru" and response.headers["Vary"] == "Accept-Language"


@pytest.mark.parametrize(
    ("wishes", "language"),
    [("", "en"), ("ru", "ru"), ("de, fr", "en"), ("en;q=0.5, ru;q=0.9", "ru"), ("ru;q=0, en", "en"), ("ru;q=x", "en")],
)
def test_a_header_that_makes_no_sense_reads_as_english(wishes: str, language: str) -> None:
    assert preferred(wishes) == language


@pytest.mark.parametrize(
    ("address", "owner"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("unix", "unknown"),
    ],
)
def test_a_household_takes_turns_as_one(address: str, owner: str) -> None:
    assert sender(Request({"type": "http", "client": (address, 1), "headers": []})) == owner


def marked() -> set[str]:
    """Every string marked for translation, in code and templates."""
    methods = [("**.py", "python"), ("**.html", "jinja2")]
    found = extract_from_dir(LOCALES.parent, methods, keywords={"_": None})
    return {message if isinstance(message, str) else message[0] for _, _, message, _, _ in found}


@pytest.mark.parametrize("language", sorted(LANGUAGES.keys() - {"en"}))
def test_the_page_is_translated_and_no_translation_is_left_over(language: str) -> None:
    with (LOCALES / language / "LC_MESSAGES" / "web.po").open("rb") as file:
        catalog = read_po(file, locale=language, abort_invalid=True)
    kept = {str(entry.id): entry for entry in catalog if entry.id}
    assert kept.keys() == marked() and len(kept) > 40
    assert [name for name, entry in kept.items() if not entry.string or entry.fuzzy] == []
    placeholder = re.compile(r"{\w+}")
    assert all(placeholder.findall(name) == placeholder.findall(str(entry.string)) for name, entry in kept.items())
    assert translator(language)("yes") != "yes"

"""One service with the released networks for all tests that do not change it, and two keys for it."""

import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import ClientSession
from playwright.async_api import Browser, async_playwright

from tests.e2e.browsing import ARGUMENTS, CHROMIUM
from tests.web.serving import process
from web.keys import add_key


@dataclass(frozen=True)
class Service:
    """Where it is, and keys of two who may use it."""

    url: str
    key: str
    other_key: str


@pytest.fixture(scope="session")
def service(compiled_translations: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("web")
    keys = folder / "keys"
    clinic, other = add_key(keys, "clinic", 999_999), add_key(keys, "other", 999_999)
    with process(folder / "log", WEB_KEYS=str(keys), OPERATOR="Dr. <b>Demo</b>") as url:
        yield Service(url, clinic, other)


@pytest_asyncio.fixture
async def http() -> AsyncIterator[ClientSession]:
    async with ClientSession() as session:
        yield session


@pytest.fixture
def photo_file(tmp_path: Path) -> Path:
    return tmp_path / "photo.jpg"


@pytest_asyncio.fixture
async def browser() -> AsyncIterator[Browser]:
    if not CHROMIUM.exists():
        assert "CI" not in os.environ, "Chromium is not installed: .ci/run must install it"
        pytest.skip("Debian's chromium is not installed")
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield running
        await running.close()

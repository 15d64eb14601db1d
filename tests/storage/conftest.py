from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from storage import Database


@pytest.fixture
def key() -> bytes:
    return Fernet.generate_key()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "bot.db"


@pytest.fixture
def url(path: Path) -> str:
    return f"sqlite+aiosqlite:///{path}"


@pytest.fixture
async def database(url: str, key: bytes) -> AsyncIterator[Database]:
    database = await Database.open(url, key)
    yield database
    await database.close()

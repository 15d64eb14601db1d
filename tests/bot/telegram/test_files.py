"""Files from Telegram: fetched in time, or not, and each failure has its own reason."""

import tracemalloc
from pathlib import Path

import pytest
from aiogram.types import Message

from bot.demo import demo_sandbox
from bot.results import Trouble
from bot.sandbox import Sandbox
from bot.sandbox.faults import Fault
from bot.sandbox.people import People
from bot.telegram.client import RetryingBot, connect, open_session
from bot.telegram.files import MAX_DOWNLOAD_BYTES, NotFetched, fetch_file, read_local
from tests.bot.stage import EMMA, HASTY


def sent(sandbox: Sandbox, content: bytes = b"content") -> str:
    """The file id of something that Emma has sent."""
    message: Message = People(sandbox.world).send_document(EMMA, content, "x.png", "image/png", None)
    assert message.document is not None
    return message.document.file_id


def order(sandbox: Sandbox, **fault: object) -> None:
    sandbox.world.faults.faults.append(Fault.model_validate(fault))


async def trouble(bot: RetryingBot, file_id: str) -> Trouble:
    with pytest.raises(NotFetched) as raised:
        await fetch_file(bot, file_id)
    return raised.value.trouble


@pytest.fixture
def hasty(sandbox: Sandbox, bot: RetryingBot) -> RetryingBot:
    """A bot that tries twice, without waiting."""
    return connect(sandbox.token, bot.session, HASTY)


@pytest.mark.parametrize("kind", ["drop", "drop_answer", "502", "429"])
async def test_a_download_that_breaks_once_is_repeated(sandbox: Sandbox, bot: RetryingBot, kind: str) -> None:
    order(sandbox, kind=kind, method="download")
    assert await fetch_file(bot, sent(sandbox)) == b"content"


async def test_temporarily_unavailable_is_asked_again(sandbox: Sandbox, bot: RetryingBot) -> None:
    order(sandbox, kind="file_expired", method="getFile", times=2)
    assert await fetch_file(bot, sent(sandbox)) == b"content"


async def test_each_failure_has_its_own_reason(sandbox: Sandbox, hasty: RetryingBot) -> None:
    order(sandbox, kind="file_expired", method="getFile", times=2)
    assert await trouble(hasty, sent(sandbox)) is Trouble.UNAVAILABLE
    order(sandbox, kind="502", method="download", times=2)
    assert await trouble(hasty, sent(sandbox)) is Trouble.UNAVAILABLE
    # aiohttp tries again by itself as well.
    order(sandbox, kind="drop", method="download", times=10)
    assert await trouble(hasty, sent(sandbox)) is Trouble.UNAVAILABLE
    sandbox.world.faults.faults.clear()
    order(sandbox, kind="file_expired", method="download")
    assert await trouble(hasty, sent(sandbox)) is Trouble.EXPIRED
    assert await trouble(hasty, sent(sandbox, bytes(MAX_DOWNLOAD_BYTES + 1))) is Trouble.TOO_LARGE


async def test_a_download_has_a_total_time(
    sandbox: Sandbox, hasty: RetryingBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.telegram.files.DOWNLOAD_SECONDS", 0.2)
    order(sandbox, kind="drip", method="download", seconds=600)
    assert await trouble(hasty, sent(sandbox, bytes(1000))) is Trouble.TOO_SLOW


async def test_a_body_longer_than_announced_is_cut_off_without_memory_growth(
    sandbox: Sandbox, hasty: RetryingBot
) -> None:
    order(sandbox, kind="oversized", method="download", surplus=300 * 1024 * 1024)
    file_id = sent(sandbox)
    tracemalloc.start()
    try:
        assert await trouble(hasty, file_id) is Trouble.TOO_LARGE
        assert tracemalloc.get_traced_memory()[1] < 3 * MAX_DOWNLOAD_BYTES
    finally:
        tracemalloc.stop()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a server in local mode keeps its files."""
    path = tmp_path / "server"
    path.mkdir()
    return path


async def fetched_locally(server_folder: Path, bot_folder: Path | None, content: bytes = b"content") -> bytes:
    async with demo_sandbox(1, local_folder=server_folder) as sandbox, open_session(sandbox.base_url) as session:
        bot = connect(sandbox.token, session, HASTY, bot_folder)
        return await fetch_file(bot, sent(sandbox, content))


async def test_in_local_mode_the_path_on_disk_is_read(folder: Path) -> None:
    assert await fetched_locally(folder, folder) == b"content"


async def test_in_local_mode_nothing_outside_of_the_servers_folder_is_read(
    folder: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for bot_folder, hint in ((None, "set TELEGRAM_LOCAL_DIR"), (tmp_path / "other", "outside of TELEGRAM_LOCAL_DIR")):
        with pytest.raises(NotFetched) as raised:
            await fetched_locally(folder, bot_folder)
        assert raised.value.trouble is Trouble.NOT_SET_UP
        assert hint in caplog.text


def test_a_link_that_leads_out_of_the_servers_folder_is_not_followed(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    (folder / "link").symlink_to(tmp_path / "secret")
    with pytest.raises(NotFetched):
        read_local(folder / "link", folder)


async def test_in_local_mode_the_size_is_limited_too(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.telegram.files.MAX_DOWNLOAD_BYTES", 5)
    with pytest.raises(NotFetched) as raised:
        await fetched_locally(folder, folder)
    assert raised.value.trouble is Trouble.TOO_LARGE

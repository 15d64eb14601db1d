"""Errors that stop the bot: one line that says what to change, and an exit status."""

import asyncio
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from benchmarks.load.processes import environment
from bot.composition import compose
from bot.errors import StartupError
from bot.sandbox import Sandbox
from bot.sandbox.faults import Fault
from bot.settings import Settings
from bot.startup import reach_telegram
from bot.telegram.client import RetryingBot, connect
from bot.ui.i18n import load_i18n
from inference.engine.engine import Engine
from storage import Database, load_or_create_key, url_of
from tests.bot.pools import IdlePool
from tests.bot.stage import HASTY

TOKEN = "12345:a-secret-that-nobody-may-read"


def start(folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    defaults = {"DATA_DIR": str(folder / "data"), "SANDBOX_PORT": "0", "LOG_LEVEL": "ERROR"}
    return subprocess.run(
        [sys.executable, "-m", "bot"],
        env=environment(**{**defaults, **settings}),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("ADMIN_IDS", "12, x", "ADMIN_IDS: give user ids separated by commas, for example 12345,67890"),
        ("DATABASE_URL", "sqlite+aiosqlite:////dev/null/bot.db", "cannot create the database /dev/null/bot.db"),
        ("DATABASE_URL", "postgresql+asyncpg://bot@localhost/lesions", "DATA_KEY: a database server needs a key"),
        ("DATA_DIR", "/dev/null/data", "cannot read or create the key file /dev/null/data/data.key"),
        ("WEIGHTS_DIR", "/nowhere", "WEIGHTS_DIR: no registry of weights: cannot read /nowhere/registry.json"),
        ("CLASSIFIER", "fixcaps-0.0.0", "has no classifier fixcaps-0.0.0; it has "),
    ],
)
def test_a_bad_setting_stops_the_start_with_one_line(tmp_path: Path, name: str, value: str, complaint: str) -> None:
    done = start(tmp_path, **{name: value})
    assert done.returncode == 2, done.stderr
    [line] = done.stderr.splitlines()
    assert complaint in line


async def test_a_second_bot_on_one_database_ends_with_one_line(compiled_translations: None, tmp_path: Path) -> None:
    path = tmp_path / "data" / "bot.db"
    database = await Database.open(url_of(path), load_or_create_key(tmp_path / "data" / "data.key", path))
    done = await asyncio.to_thread(start, tmp_path)
    await database.close()
    assert done.returncode == 1, done.stderr
    [line] = done.stderr.splitlines()
    assert f"another bot is running on the database {path}: stop it first" in line


def test_a_key_that_is_gone_is_named_and_not_made_anew(compiled_translations: None, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "bot.db").write_bytes(b"SQLite format 3")
    done = start(tmp_path)
    assert done.returncode == 2, done.stderr
    [line] = done.stderr.splitlines()
    assert f"the key file {tmp_path}/data/data.key is missing" in line
    assert not (tmp_path / "data" / "data.key").exists()


def test_a_data_dir_of_any_name_holds_the_database(compiled_translations: None, tmp_path: Path) -> None:
    # The start fails after the database is made.
    done = start(tmp_path, DATA_DIR=str(tmp_path / "a?b #c %41"), CLASSIFIER="fixcaps-0.0.0")
    assert done.returncode == 2, done.stderr
    assert [each.name for each in tmp_path.iterdir()] == ["a?b #c %41"]
    assert {"bot.db", "data.key"} <= {each.name for each in (tmp_path / "a?b #c %41").iterdir()}


def test_a_taken_port_stops_the_start_with_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = start(tmp_path, SANDBOX_PORT=str(port))
    assert done.returncode == 2
    [line] = done.stderr.splitlines()
    assert line.startswith(f"SANDBOX_PORT: cannot listen on port {port}")


@pytest.mark.parametrize(
    ("settings", "warned"),
    [
        ({"BOT_TOKEN": TOKEN}, True),
        ({"BOT_TOKEN": TOKEN, "OPERATOR": "Dr. Brown"}, False),
        ({}, False),
    ],
    ids=["nobody", "somebody", "without Telegram"],
)
def test_serving_telegram_without_a_name_of_who_runs_the_bot_is_warned_of(
    tmp_path: Path, settings: dict[str, str], warned: bool
) -> None:
    # Without weights the start ends before anything is asked of Telegram.
    done = start(tmp_path, WEIGHTS_DIR="/nowhere", LOG_LEVEL="WARNING", **settings)
    *warnings, reason = done.stderr.splitlines()
    assert reason.startswith("WEIGHTS_DIR: ")
    unnamed = [line.partition("OPERATOR is not set: ")[2] for line in warnings]
    assert unnamed == (["people do not learn who runs this bot; set it to your name"] if warned else [])


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("401", "BOT_TOKEN: Telegram does not know it; get one from @BotFather"),
        ("logged_out", "BOT_TOKEN: this bot is logged out of the server; set TELEGRAM_API_URL to "),
    ],
)
async def test_a_bot_that_telegram_turns_away_at_the_start_says_so(
    sandbox: Sandbox, bot: RetryingBot, kind: str, line: str
) -> None:
    sandbox.world.faults.faults.append(Fault.model_validate({"kind": kind, "method": "getMe"}))
    with pytest.raises(StartupError) as raised:
        await reach_telegram(bot)
    assert str(raised.value).startswith(line) and raised.value.exit_status == 2


@pytest.mark.parametrize(
    ("fault", "word"),
    [
        ({"kind": "html", "times": 3}, "the answer is not from Telegram: check TELEGRAM_API_URL and HTTPS_PROXY"),
        ({"kind": "502", "times": 3}, "Telegram cannot be reached (TelegramServerError)"),
        ({"kind": "drop", "times": 3}, "Telegram cannot be reached (TelegramNetworkError)"),
        ({"kind": "429", "retry_after": 1}, "GetMe has to wait for 1 s"),
    ],
    ids=lambda value: value["kind"] if isinstance(value, dict) else "",
)
async def test_a_start_outlasts_what_passes_with_a_word_in_the_log(
    sandbox: Sandbox,
    bot: RetryingBot,
    fault: dict[str, object],
    word: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("bot.startup.RECONNECT_SECONDS", 0.01)
    sandbox.world.faults.faults.append(Fault.model_validate({"method": "getMe", **fault}))
    await reach_telegram(connect(sandbox.token, bot.session, HASTY))
    assert word in caplog.text
    assert not sandbox.world.faults.faults


@pytest.mark.parametrize(
    ("fault", "status", "line"),
    [
        ({"kind": "401"}, 2, "BOT_TOKEN: Telegram does not know it"),
        ({"kind": "logged_out"}, 2, "BOT_TOKEN: this bot is logged out"),
        ({"kind": "409", "times": 2}, 1, "another bot receives with this BOT_TOKEN: stop it first"),
    ],
    ids=["401", "logged out", "409"],
)
async def test_a_bot_that_telegram_turns_away_while_it_polls_ends(
    sandbox: Sandbox,
    database: Database,
    tmp_path: Path,
    fault: dict[str, object],
    status: int,
    line: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.telegram.polling.CONFLICT_PAUSES_SECONDS", (0.01,))
    settings = Settings(bot_token=SecretStr(sandbox.token), telegram_api_url=sandbox.base_url, data_dir=tmp_path)
    async with compose(settings, database, Engine(IdlePool()), load_i18n()) as application:
        sandbox.world.faults.faults.append(Fault.model_validate({"method": "getUpdates", **fault}))
        with pytest.raises(StartupError, match=line) as raised:
            await application.serve(handle_signals=False)
    assert raised.value.exit_status == status

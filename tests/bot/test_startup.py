"""Settings that make no sense stop the start with one line that says what to change, and exit status 2."""

import asyncio
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.load.processes import environment
from bot.errors import StartupError
from bot.settings import Settings, load_settings
from storage import Database, load_or_create_key, url_of

TOKEN = "12345:a-secret-that-nobody-may-read"


@pytest.fixture
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """No settings in the environment and no `.env` file."""
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    return monkeypatch


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


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("ADMIN_IDS", "-5", "ADMIN_IDS: give user ids"),
        ("BOT_TOKEN", "a secret", "BOT_TOKEN: give the token as BotFather wrote it"),
        ("DATABASE_URL", "postgresql://x/y", "DATABASE_URL: give an address like sqlite+aiosqlite:///data/bot.db"),
        ("DATA_KEY", "short", "DATA_KEY: give 32 random bytes in URL-safe base64"),
        ("RETENTION_DAYS", "0", "RETENTION_DAYS: Input should be greater than or equal to 1"),
        ("RETENTION_DAYS", "800000", "RETENTION_DAYS: Input should be less than or equal to 36500"),
        ("SANDBOX_PORT", "http", "SANDBOX_PORT: Input should be a valid integer"),
        ("LOG_LEVEL", "LOUD", "LOG_LEVEL: Input should be 'DEBUG', 'INFO', 'WARNING' or 'ERROR'"),
        ("LOG_FORMAT", "xml", "LOG_FORMAT: Input should be 'console' or 'json'"),
        ("TELEGRAM_API_URL", "http://localhost:8081", "TELEGRAM_API_URL is set without BOT_TOKEN"),
    ],
)
def test_every_bad_setting_is_named_with_what_to_change(
    clean: pytest.MonkeyPatch, name: str, value: str, complaint: str
) -> None:
    clean.setenv(name, value)
    with pytest.raises(StartupError) as caught:
        load_settings()
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)
    if name in ("BOT_TOKEN", "DATA_KEY"):
        assert value not in str(caught.value)


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


def test_several_bad_settings_are_named_at_once(clean: pytest.MonkeyPatch) -> None:
    clean.setenv("ADMIN_IDS", "x")
    clean.setenv("RETENTION_DAYS", "never")
    with pytest.raises(StartupError, match=r"^ADMIN_IDS: .*; RETENTION_DAYS: [^\n]*$"):
        load_settings()


def test_settings_are_read_from_a_file_and_empty_ones_count_as_unset(clean: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"BOT_TOKEN={TOKEN}\nADMIN_IDS=7, 8,\nLOG_LEVEL=info\nDATA_KEY=\nOTHER=1\n")
    settings = load_settings()
    assert settings.token == TOKEN
    assert settings.admin_ids == {7, 8}
    assert settings.log_level == "INFO"
    assert settings.data_key is None


def test_settings_never_show_their_secrets() -> None:
    assert TOKEN not in repr(Settings(bot_token=TOKEN))  # type: ignore[arg-type]

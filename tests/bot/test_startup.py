"""Settings that make no sense stop the start with one line that says what to change, and exit status 2."""

import asyncio
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.load.processes import environment
from storage import Database, load_or_create_key, url_of

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

"""python -m bot.sandbox."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from bot.sandbox import Sandbox
from bot.sandbox.__main__ import serve

ROOT = Path(__file__).resolve().parents[3]


def start(**settings: str) -> subprocess.Popen[str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("BOT_TOKEN", "ADMIN_IDS")}
    return subprocess.Popen(
        [sys.executable, "-m", "bot.sandbox"],
        env={**kept, **settings},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_it_prints_where_it_listens_and_stops_on_a_signal() -> None:
    with start(SANDBOX_PORT="0", BOT_TOKEN="5:abc", ADMIN_IDS="77,78") as process:
        assert process.stdout is not None
        address = process.stdout.readline().removeprefix("Chat page: ").strip()
        assert process.stdout.readline() == f"TELEGRAM_API_URL={address.rstrip('/')}\n"
        assert process.stdout.readline() == "BOT_TOKEN=5:abc\n"
        with urllib.request.urlopen(address + "sim/users", timeout=20) as answer:
            assert b'"id": 77' in answer.read()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0


def test_local_mode_gives_the_path_of_a_file_on_this_machine(tmp_path: Path) -> None:
    with start(SANDBOX_PORT="0", BOT_TOKEN="5:abc", SANDBOX_LOCAL_DIR=str(tmp_path)) as process:
        assert process.stdout is not None
        address = process.stdout.readline().removeprefix("Chat page: ").strip()
        body = b'--x\r\nContent-Disposition: form-data; name="f"; filename="a.bin"\r\n\r\ncontent\r\n--x--\r\n'
        upload = urllib.request.Request(
            address + "sim/users/1001/document", body, {"Content-Type": "multipart/form-data; boundary=x"}
        )
        with urllib.request.urlopen(upload, timeout=20) as answer:
            file_id = json.load(answer)["document"]["file_id"]
        with urllib.request.urlopen(f"{address}bot5:abc/getFile?file_id={file_id}", timeout=20) as answer:
            path = Path(json.load(answer)["result"]["file_path"])
        process.terminate()
        assert process.wait(timeout=20) == 0
    assert path.is_relative_to(tmp_path)
    assert path.read_bytes() == b"content"


@pytest.mark.parametrize("settings", [{"SANDBOX_PORT": "none"}, {"ADMIN_IDS": "me"}, {"BOT_TOKEN": "token"}])
async def test_bad_settings_are_one_line(
    settings: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("SANDBOX_PORT", "ADMIN_IDS", "BOT_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    assert await serve() == 1
    complaint = capsys.readouterr().err
    assert complaint.count("\n") == 1
    assert next(iter(settings)) in complaint


async def test_a_taken_port_is_one_line(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("BOT_TOKEN", raising=False)
    monkeypatch.setenv("SANDBOX_PORT", sandbox.base_url.rpartition(":")[2])
    assert await serve() == 1
    complaint = capsys.readouterr().err
    assert complaint.count("\n") == 1
    assert "SANDBOX_PORT" in complaint

"""The key file: made once for a new database, private, never replaced."""

import base64
import secrets
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from storage import StorageError, load_or_create_key
from storage.keys import decode_key


def load(path: Path) -> bytes:
    return load_or_create_key(path, path.parent / "bot.db")


def put(path: Path, content: bytes, mode: int = 0o600) -> None:
    path.write_bytes(content)
    path.chmod(mode)


def test_a_key_is_made_once_and_read_by_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "data.key"
    key = load(path)
    decode_key(key)
    assert load(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["data.key"]


def test_those_who_race_for_a_missing_key_all_get_the_same(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: load(tmp_path / "data.key"), range(32)))
    assert len(keys) == 1


def test_a_trailing_line_end_does_not_spoil_a_key(tmp_path: Path) -> None:
    key = base64.urlsafe_b64encode(secrets.token_bytes(32))
    put(tmp_path / "data.key", key + b"\n")
    assert load(tmp_path / "data.key") == key


@pytest.mark.parametrize("content", [b"", b"short", b"\xff" * 44])
def test_a_file_that_holds_no_key_is_named_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "data.key"
    put(path, content)
    with pytest.raises(StorageError, match=r"^the key file .*data\.key holds no key .*restore it") as caught:
        load(path)
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == content


def test_a_place_where_no_file_can_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match=r"^cannot read or create the key file .*file/data\.key"):
        load(tmp_path / "file" / "data.key")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_key_file_that_is_open_to_others_is_told_with_the_remedy(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "data.key"
    put(path, base64.urlsafe_b64encode(secrets.token_bytes(32)), mode)
    with pytest.raises(
        StorageError, match=rf"^the key file .*data\.key is open to others \(mode {mode:04o}\): run chmod"
    ):
        load(path)


def test_a_missing_key_beside_a_database_is_named_and_not_made_anew(tmp_path: Path) -> None:
    database = tmp_path / "bot.db"
    database.write_bytes(b"SQLite format 3")
    path = tmp_path / "keys" / "data.key"
    with pytest.raises(StorageError, match=r"^the key file .*data\.key is missing, .*bot\.db.* restore") as caught:
        load_or_create_key(path, database)
    assert "\n" not in str(caught.value)
    assert not path.exists()

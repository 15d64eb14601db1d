"""The key file: made once, private, never replaced."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from storage import StorageError, load_or_create_key
from storage.keys import Cipher


def test_a_key_is_made_once_and_read_by_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "data.key"
    key = load_or_create_key(path)
    Fernet(key)
    assert load_or_create_key(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["data.key"]


def test_those_who_race_for_a_missing_key_all_get_the_same(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: load_or_create_key(tmp_path / "data.key"), range(32)))
    assert len(keys) == 1


def test_a_trailing_line_end_does_not_spoil_a_key(tmp_path: Path) -> None:
    key = Fernet.generate_key()
    (tmp_path / "data.key").write_bytes(key + b"\n")
    assert load_or_create_key(tmp_path / "data.key") == key


@pytest.mark.parametrize("content", [b"", b"short", b"\xff" * 44])
def test_a_file_that_holds_no_key_is_named_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "data.key"
    path.write_bytes(content)
    with pytest.raises(StorageError, match=r"^the key file .*data\.key holds no key .*restore it") as caught:
        load_or_create_key(path)
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == content


def test_a_place_where_no_file_can_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match=r"^cannot read or create the key file .*file/data\.key"):
        load_or_create_key(tmp_path / "file" / "data.key")


def test_what_was_encrypted_is_unreadable_without_the_key_and_whole_with_it() -> None:
    cipher = Cipher(Fernet.generate_key())
    token = cipher.encrypt({"label": "меланома", "probabilities": {"mel": 0.5}})
    assert "меланома".encode() not in token and b"mel" not in token
    assert cipher.decrypt(token) == {"label": "меланома", "probabilities": {"mel": 0.5}}
    with pytest.raises(StorageError, match="another key"):
        Cipher(Fernet.generate_key()).decrypt(token)


def test_a_malformed_key_says_how_a_key_looks() -> None:
    with pytest.raises(StorageError, match=r"^DATA_KEY is not a key: give 32 random bytes"):
        Cipher(b"password")

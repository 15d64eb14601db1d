"""Encryption at rest: unreadable without the key, whole with it, and only where it was put."""

import pytest
from cryptography.fernet import Fernet

from storage import StorageError
from storage.cipher import Cipher


def test_what_was_encrypted_is_unreadable_without_the_key_and_whole_with_it() -> None:
    key = Fernet.generate_key()
    value = {"label": "меланома", "probabilities": {"mel": 0.5}}
    sealed = Cipher(key).seal_json(value, "here")
    assert "меланома".encode() not in sealed and b"mel" not in sealed
    assert Cipher(key).open_json(sealed, "here") == value
    with pytest.raises(StorageError, match="another key"):
        Cipher(Fernet.generate_key()).open_json(sealed, "here")


def test_a_ciphertext_is_read_at_its_own_place_only() -> None:
    cipher = Cipher(Fernet.generate_key())
    sealed = cipher.seal_text("photo", "here")
    assert cipher.open_text(sealed, "here") == "photo"
    with pytest.raises(StorageError, match=r"^there cannot be decrypted: it was altered, moved"):
        cipher.open_text(sealed, "there")


def test_one_value_is_never_encrypted_to_the_same_bytes_twice() -> None:
    cipher = Cipher(Fernet.generate_key())
    assert len({cipher.seal(b"value", "here") for _ in range(100)}) == 100


def test_a_malformed_key_says_how_a_key_looks() -> None:
    with pytest.raises(StorageError, match=r"^DATA_KEY is not a key: give 32 random bytes"):
        Cipher(b"password")

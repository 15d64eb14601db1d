"""The key of what is encrypted at rest, and the encryption itself (Fernet: AES-128-CBC with HMAC-SHA256)."""

import contextlib
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet, InvalidToken

from storage.errors import StorageError


def load_or_create_key(path: Path) -> bytes:
    """Read the key file at `path`; write a new key there, readable by its owner alone, if there is none.

    Processes that race for a missing file all get the key of the first. Raises StorageError where the
    file can be neither read nor written, or holds something else.
    """
    try:
        if not path.exists():
            _create(path)
        key = path.read_bytes().strip()
    except OSError as error:
        raise StorageError(
            f"cannot read or create the key file {path}: {error.strerror}; make it accessible or set DATA_KEY"
        ) from error
    try:
        Fernet(key)
    except ValueError as error:
        raise StorageError(
            f"the key file {path} holds no key (32 bytes in URL-safe base64); restore it from a backup"
        ) from error
    return key


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(Fernet.generate_key())
            file.flush()
            os.fsync(file.fileno())
        # A link, unlike a rename, never replaces a key that another process has put there meanwhile.
        with contextlib.suppress(FileExistsError):
            os.link(temporary, path)
    finally:
        os.unlink(temporary)


class Cipher:
    """JSON objects to encrypted bytes and back. Raises StorageError for a malformed or wrong key."""

    def __init__(self, key: bytes) -> None:
        try:
            self._fernet = Fernet(key)
        except ValueError as error:
            raise StorageError(
                "DATA_KEY is not a key: give 32 random bytes in URL-safe base64, or none to use the key file"
            ) from error

    def encrypt(self, value: Mapping[str, Any]) -> bytes:
        return self._fernet.encrypt(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())

    def decrypt(self, token: bytes) -> dict[str, Any]:
        try:
            value: dict[str, Any] = json.loads(self._fernet.decrypt(token))
        except InvalidToken as error:
            raise StorageError(
                "the database was encrypted with another key: set the DATA_KEY or key file it was made with"
            ) from error
        return value

"""The key for encryption at rest: 32 random bytes in URL-safe base64, in its own file."""

import base64
import contextlib
import os
import secrets
import stat
import tempfile
from pathlib import Path

from storage.errors import StorageError

KEY_BYTES = 32


def decode_key(text: bytes) -> bytes:
    """The 32 bytes of a key. Raises ValueError for anything else."""
    key = base64.urlsafe_b64decode(text)
    if len(key) != KEY_BYTES:
        raise ValueError(f"a key has {KEY_BYTES} bytes, not {len(key)}")
    return key


def load_or_create_key(path: Path, database: Path | None) -> bytes:
    """Read the key file at `path`. For a new `database`, write a new key there that only its owner can read.

    If several processes create it at once, all get the same key. Raises StorageError if the file can be neither read
    nor written, other users can read it, it is no key, or it is missing beside an existing database, which a new key
    could not decrypt. `database` is None if none exists yet.
    """
    try:
        # Checked first, because a process that creates both creates the key first.
        is_new = database is None or not database.exists() or database.stat().st_size == 0
        if not path.exists():
            if not is_new:
                raise StorageError(
                    f"the key file {path} is missing, and the database {database} cannot be read without it: "
                    "restore the file from a backup, set DATA_KEY, or move the database away to start anew"
                )
            _create(path)
        mode = stat.S_IMODE(path.stat().st_mode)
        key = path.read_bytes().strip()
    except OSError as error:
        raise StorageError(
            f"cannot read or create the key file {path}: {error.strerror}; make it accessible or set DATA_KEY"
        ) from error
    if mode & 0o077:
        raise StorageError(f"the key file {path} is open to others (mode {mode:04o}): run chmod 600 on it")
    try:
        decode_key(key)
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
            file.write(base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)))
            file.flush()
            os.fsync(file.fileno())
        # Unlike a rename, a link never replaces a key that another process has written meanwhile.
        with contextlib.suppress(FileExistsError):
            os.link(temporary, path)
    finally:
        os.unlink(temporary)

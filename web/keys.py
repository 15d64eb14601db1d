"""API keys. Only their hashes are stored, in a file with one line for each key."""

import hashlib
import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from web.settings import SettingsError

PHOTOS_A_MINUTE: Final = 60
_LINE: Final = re.compile(r"(?P<name>[\w.-]{1,64}) (?P<digest>[0-9a-f]{64}) (?P<limit>[1-9]\d{0,5})")


@dataclass(frozen=True)
class ApiKey:
    """The owner of a key, and its limit in photos a minute."""

    name: str
    photos_a_minute: int


class ApiKeys:
    """The keys that the service knows."""

    def __init__(self, keys: dict[str, ApiKey]) -> None:
        self._keys = keys

    @classmethod
    def load(cls, path: Path | None) -> "ApiKeys":
        """Read a file of lines `NAME SHA-256 PHOTOS-A-MINUTE`. Without a file there are no keys.

        Raises:
            SettingsError: it cannot be read, or a line has another form.
        """
        keys: dict[str, ApiKey] = {}
        try:
            lines = [] if path is None else path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"WEB_KEYS: cannot read {path}: {error}") from None
        for number, line in enumerate(lines, 1):
            if not line.strip() or line.startswith("#"):
                continue
            found = _LINE.fullmatch(line.strip())
            if found is None:
                raise SettingsError(f"WEB_KEYS: line {number} of {path} is not NAME SHA-256 PHOTOS-A-MINUTE")
            keys[found["digest"]] = ApiKey(found["name"], int(found["limit"]))
        return cls(keys)

    def find(self, key: str) -> ApiKey | None:
        """The entry of a key. The look-up is by hash, so its time does not reveal how much of a guess was right."""
        return self._keys.get(_digest(key))


def add_key(path: Path, name: str, photos_a_minute: int = PHOTOS_A_MINUTE) -> str:
    """Make a key, write its hash to the file, and return the key, which cannot be recovered from the file.

    Raises:
        SettingsError: the name has other characters than letters, digits, `.`, `_` and `-`, or is taken, or the file
            cannot be written.
    """
    key = secrets.token_urlsafe(32)
    line = f"{name} {_digest(key)} {photos_a_minute}"
    if _LINE.fullmatch(line) is None:
        raise SettingsError("a name is up to 64 letters, digits, dots, dashes; a limit is 1 to 999999 photos a minute")
    if path.exists() and name in {each.name for each in ApiKeys.load(path)._keys.values()}:
        raise SettingsError(f"{path} has a key of {name}: remove its line first")
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with open(descriptor, "a", encoding="utf-8") as file:
            file.write(f"{line}\n")
    except OSError as error:
        raise SettingsError(f"WEB_KEYS: cannot write {path}: {error.strerror}") from None
    return key


def _digest(key: str) -> str:
    # A key of 256 random bits cannot be guessed, so it needs no slow hash.
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()

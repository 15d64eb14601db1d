"""Encryption at rest: AES-256-GCM. Each ciphertext is bound to the place where it is stored.

The place (table, column and row) is the associated data of the cipher. A ciphertext that was moved to another row or
column is refused, like one that was altered.
"""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from storage.errors import StorageError
from storage.keys import KEY_BYTES, decode_key

NONCE_BYTES = 12

# The token that shows at the start whether the key is right.
CHECK = "encryption_check.token"
_FINGERPRINT_KEY = "wrapped_keys.fingerprints"


def request_place(column: str, user_id: int, chat_id: int, message_id: int, edited_at: int = 0) -> str:
    """The place of a request's value. It is known before the request has a number, and never changes."""
    message = f"{message_id}.{edited_at}" if edited_at else str(message_id)
    return f"requests.{column} {user_id} {chat_id} {message}"


def broadcast_place(column: str, broadcast_id: int) -> str:
    """The place of a broadcast's value."""
    return f"broadcasts.{column} {broadcast_id}"


def mole_name_place(mole_id: int) -> str:
    """The place of a mole's name."""
    return f"moles.name {mole_id}"


def mole_findings_place(mole_id: int, request_id: int) -> str:
    """The place of the findings in a photo of a mole."""
    return f"mole_photos.findings {mole_id} {request_id}"


def mole_picture_place(request_id: int) -> str:
    """The place of the kept photo of a mole."""
    return f"mole_pictures.picture {request_id}"


def opinion_place(request_id: int, classifier: str) -> str:
    """The place of a classifier's opinion on a request's photo."""
    return f"second_opinions.said {request_id} {classifier}"


def verdict_place(request_id: int) -> str:
    """The place of a doctor's verdict on a result."""
    return f"verdicts.said {request_id}"


def pool_picture_place(column: str, request_id: int) -> str:
    """The place of a photo in the training pool, or of its outlines."""
    return f"pool_photos.{column} {request_id}"


def pool_label_place(label_id: int) -> str:
    """The place of a label in the training pool."""
    return f"pool_labels.said {label_id}"


def share_name_place(column: str, token_hash: str) -> str:
    """The place of the name of a share's owner or reader."""
    return f"shares.{column} {token_hash}"


def share_note_place(share_id: int) -> str:
    """The place of the notes about a share."""
    return f"share_notes.note {share_id}"


def arrival_place(update_id: int) -> str:
    """The place of an update that waits to be handled."""
    return f"arrivals.content {update_id}"


class Cipher:
    """Encrypts values for one place and decrypts them. Raises StorageError for a malformed key."""

    def __init__(self, key: bytes) -> None:
        try:
            secret = decode_key(key)
        except ValueError as error:
            raise StorageError(
                "DATA_KEY is not a key: give 32 random bytes in URL-safe base64, or none to use the key file"
            ) from error
        # A derived key, because releases up to 1.7 used the bytes themselves with another cipher.
        derived = HKDF(SHA256(), KEY_BYTES, salt=None, info=b"storage: AES-256-GCM").derive(secret)
        self._aead = AESGCM(derived)
        self._fingerprint_key = HKDF(SHA256(), KEY_BYTES, salt=None, info=b"storage: fingerprints").derive(secret)

    def seal(self, value: bytes, place: str) -> bytes:
        """Encrypt a value; returns nonce and ciphertext, which can be decrypted only for this place."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._aead.encrypt(nonce, value, place.encode())

    def open(self, sealed: bytes, place: str) -> bytes:
        """Decrypt what `seal` returned. Raises StorageError for another key, another place or altered bytes."""
        try:
            return self._aead.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], place.encode())
        except (InvalidTag, ValueError) as error:
            # The message leaves out the place, which names a person.
            raise StorageError(
                f"{place.partition(' ')[0]} cannot be decrypted: it was altered, moved, or encrypted with another key; "
                "restore the database from a backup"
            ) from error

    def opens(self, sealed: bytes, place: str) -> bool:
        """Whether `open` would not raise."""
        try:
            self.open(sealed, place)
        except StorageError:
            return False
        return True

    def seal_text(self, value: str, place: str) -> str:
        return base64.urlsafe_b64encode(self.seal(value.encode(), place)).decode()

    def open_text(self, sealed: str, place: str) -> str:
        try:
            token = base64.urlsafe_b64decode(sealed)
        except ValueError:
            # Text that is not base64 was altered.
            token = b""
        return self.open(token, place).decode()

    def seal_json(self, value: Mapping[str, Any], place: str) -> bytes:
        return self.seal(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(), place)

    def open_json(self, sealed: bytes, place: str) -> dict[str, Any]:
        value: dict[str, Any] = json.loads(self.open(sealed, place))
        return value

    def fingerprint(self, value: str, purpose: str) -> str:
        """A keyed hash of `value` (HMAC-SHA256) as 64 hexadecimal digits. It reveals nothing without the key."""
        return hmac.new(self._fingerprint_key, f"{purpose} {value}".encode(), hashlib.sha256).hexdigest()

    def adopt_fingerprint_key(self, wrapped: bytes) -> None:
        """Keep the fingerprints of an earlier key: `wrapped` is the result of its `wrapped_fingerprint_key`."""
        self._fingerprint_key = self.open(wrapped, _FINGERPRINT_KEY)

    def wrapped_fingerprint_key(self, successor: "Cipher") -> bytes:
        """The fingerprints' key, encrypted for the cipher after this one, because old fingerprints cannot be computed
        again."""
        return successor.seal(self._fingerprint_key, _FINGERPRINT_KEY)

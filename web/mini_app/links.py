"""Links to pictures: signed, of no use after ten minutes, and without a readable number in them."""

import base64
import time
from collections.abc import Callable
from typing import Final

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

VALID_SECONDS: Final = 600


class PictureLinks:
    """Makes and reads the last part of such a link. It is encrypted, because it names a person.

    Args:
        secret: what all copies of the service share, and nobody else knows.
        clock: Unix time in seconds.
    """

    def __init__(self, secret: str, clock: Callable[[], float] = time.time) -> None:
        derived = HKDF(SHA256(), 32, salt=None, info=b"web: links to pictures").derive(secret.encode())
        self._fernet = Fernet(base64.urlsafe_b64encode(derived))
        self._clock = clock

    def make(self, user_id: int, request_id: int) -> str:
        """The token for a kept picture of a person."""
        return self._fernet.encrypt_at_time(f"{user_id} {request_id}".encode(), int(self._clock())).decode()

    def read(self, token: str) -> tuple[int, int] | None:
        """Person and request of a token; None if it was not made here or is too old."""
        try:
            content = self._fernet.decrypt_at_time(token.encode(), VALID_SECONDS, int(self._clock()))
        except InvalidToken:
            return None
        user_id, request_id = map(int, content.split())
        return user_id, request_id

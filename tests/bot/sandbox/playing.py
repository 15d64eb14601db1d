"""The people of these tests, and what they send."""

import io
from typing import Any

from aiogram.types import User
from PIL import Image

EMMA, IVAN, ADMIN = 1001, 1002, 1
PEOPLE = [
    User(id=EMMA, is_bot=False, first_name="Emma", language_code="en"),
    User(id=IVAN, is_bot=False, first_name="Иван", language_code="ru"),
    User(id=ADMIN, is_bot=False, first_name="Admin", language_code="en"),
]


def picture(width: int = 64, height: int = 48, kind: str = "JPEG", mode: str = "RGB", **options: Any) -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, (width, height), 120 if mode in ("L", "I;16") else None).save(buffer, kind, **options)
    return buffer.getvalue()


DOT = picture(8, 8)

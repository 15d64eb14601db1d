"""A person in the sandbox over HTTP, and what they send."""

import io
from collections.abc import Sequence
from typing import Any

from aiogram.types import User
from aiohttp import ClientSession, FormData
from PIL import Image

EMMA, IVAN, ADMIN = 1001, 1002, 1
PEOPLE = [
    User(id=EMMA, is_bot=False, first_name="Emma", language_code="en"),
    User(id=IVAN, is_bot=False, first_name="Иван", language_code="ru"),
    User(id=ADMIN, is_bot=False, first_name="Admin", language_code="en"),
]


class Person:
    """Somebody in the sandbox."""

    def __init__(self, http: ClientSession, base_url: str, user_id: int) -> None:
        self.http = http
        self.base_url = base_url
        self.id = user_id

    async def act(self, action: str, status: int = 200, **body: Any) -> Any:
        async with self.http.post(f"{self.base_url}/sim/users/{self.id}/{action}", **body) as response:
            answer = await response.json()
            assert response.status == status, answer
            return answer

    async def write(self, text: str, **fields: Any) -> dict[str, Any]:
        return await self.act("message", json={"text": text, **fields})

    async def send_photos(self, photos: Sequence[bytes], caption: str | None = None, status: int = 200) -> Any:
        return await self.act("photos", status, data=upload(photos, caption))

    async def send_document(self, data: bytes, name: str = "file.bin") -> dict[str, Any]:
        return await self.act("document", data=upload([data], name=name))

    async def transcript(self) -> dict[str, Any]:
        async with self.http.get(f"{self.base_url}/sim/users/{self.id}/transcript") as response:
            assert response.status == 200
            return await response.json()

    async def messages(self) -> list[dict[str, Any]]:
        return (await self.transcript())["messages"]


def upload(files: Sequence[bytes], caption: str | None = None, name: str = "photo.jpg") -> FormData:
    form = FormData()
    for data in files:
        # aiohttp warns of large bytes, not of a file.
        form.add_field("file", io.BytesIO(data), filename=name)
    if caption is not None:
        form.add_field("caption", caption)
    return form


def picture(width: int = 64, height: int = 48, kind: str = "JPEG", mode: str = "RGB", **options: Any) -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, (width, height), 120 if mode in ("L", "I;16") else None).save(buffer, kind, **options)
    return buffer.getvalue()


DOT = picture(8, 8)

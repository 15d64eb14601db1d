"""Somebody in the sandbox: what a person can do in the chat, over HTTP."""

import io
from typing import Any, Self

from aiohttp import ClientSession, FormData

Message = dict[str, Any]


class Person:
    """Methods return when the sandbox has taken what was done, not when it is answered."""

    def __init__(self, http: ClientSession, api_url: str, user_id: int, name: str, language: str) -> None:
        self._http = http
        self.api_url = api_url
        self.id = user_id
        self.name = name
        self.language = language

    async def join(self) -> Self:
        """Come to be known to the sandbox."""
        await self._post("/sim/users", json={"id": self.id, "first_name": self.name, "language_code": self.language})
        return self

    async def write(self, text: str) -> Message:
        """Write to the bot."""
        message: Message = await self._act("message", json={"text": text})
        return message

    async def send_photos(self, *photos: bytes, caption: str | None = None) -> list[Message]:
        """Send photos; several are an album."""
        form = FormData()
        for number, photo in enumerate(photos):
            form.add_field("files", photo, filename=f"{number}.jpg", content_type="image/jpeg")
        if caption is not None:
            form.add_field("caption", caption)
        messages: list[Message] = await self._act("photos", data=form)
        return messages

    async def send_document(self, content: bytes, name: str, mime_type: str) -> Message:
        """Send a file as it is."""
        form = FormData()
        # aiohttp warns of large bytes, not of a file.
        form.add_field("file", io.BytesIO(content), filename=name, content_type=mime_type)
        message: Message = await self._act("document", data=form)
        return message

    async def send_clip(self, kind: str) -> Message:
        """A voice message, video, sticker or animation."""
        message: Message = await self._act(kind)
        return message

    async def click(self, message: Message, button: str | int) -> None:
        """Press a button of a message by its text, or by its number in reading order."""
        buttons = [each for row in message["reply_markup"]["inline_keyboard"] for each in row]
        found = buttons[button] if isinstance(button, int) else next(each for each in buttons if button in each["text"])
        await self.press(message["message_id"], found["callback_data"])

    async def press(self, message_id: int, data: str) -> None:
        """Press a button by its data."""
        await self._act("click", json={"message_id": message_id, "data": data})

    async def transcript(self) -> dict[str, Any]:
        """The whole chat as it stands now."""
        chat: dict[str, Any] = await self._get(f"/sim/users/{self.id}/transcript")
        return chat

    async def calls(self, method: str) -> list[dict[str, Any]]:
        """The bot's calls of one method to this person."""
        answer = await self._get(f"/sim/calls?method={method}")
        return [call for call in answer["calls"] if call["chat_id"] == self.id]

    async def faults(self, *faults: dict[str, Any]) -> None:
        """Order failures of the calls to this person; calls that concern no chat need `chat_id` None."""
        await self._post("/sim/faults", json=[{"chat_id": self.id, **fault} for fault in faults])

    async def file(self, file_id: str) -> bytes:
        """A file's bytes."""
        async with self._http.get(f"{self.api_url}/sim/files/{file_id}") as response:
            assert response.status == 200
            return await response.read()

    async def _act(self, action: str, **body: Any) -> Any:
        return await self._post(f"/sim/users/{self.id}/{action}", **body)

    async def _post(self, path: str, **body: Any) -> Any:
        async with self._http.post(self.api_url + path, **body) as response:
            answer = await response.json()
            assert response.status == 200, answer
            return answer

    async def _get(self, path: str) -> Any:
        async with self._http.get(self.api_url + path) as response:
            answer = await response.json()
            assert response.status == 200, answer
            return answer


def is_progress(message: Message) -> bool:
    """Whether a message of the bot only says that photos wait or are being read."""
    return str(message.get("text", "")).startswith("🔎")


def words(message: Message) -> str:
    """The text of a message, or the caption of its photo."""
    return str(message.get("text") or message.get("caption") or "")

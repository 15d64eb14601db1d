"""A client over HTTP that plays a person in the sandbox, for tests and load tests."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Callable, Sequence
from typing import Any, Self, TypeVar
from urllib.parse import urlencode

from aiohttp import ClientSession, FormData

Message = dict[str, Any]
T = TypeVar("T")

TIMEOUT_SECONDS = 60.0
LONGEST_HOLD = 10


class Refused(Exception):
    """The sandbox refused an action. The text is its description."""

    def __init__(self, status: int, description: str) -> None:
        super().__init__(description)
        self.status = status


class Person:
    """What a person can do in the chat. Methods return when the sandbox has accepted the action, not when the bot has
    answered.

    Every method raises Refused if the sandbox refuses.
    """

    def __init__(self, http: ClientSession, api_url: str, user_id: int, name: str, language: str) -> None:
        self._http = http
        self.api_url = api_url
        self.id = user_id
        self.name = name
        self.language = language

    async def join(self) -> Self:
        """Become known to the sandbox."""
        await self.post("/sim/users", {"id": self.id, "first_name": self.name, "language_code": self.language})
        return self

    async def write(self, text: str, **fields: Any) -> Message:
        """Write to the bot. `fields` are those of the route."""
        message: Message = await self.act("message", {"text": text, **fields})
        return message

    async def send_photos(self, *photos: bytes, **fields: Any) -> list[Message]:
        """Send photos; several are an album. `fields` are those of the route, such as `caption`."""
        files = [(photo, f"{number}.jpg", "image/jpeg") for number, photo in enumerate(photos)]
        messages: list[Message] = await self.act("photos", form(files, fields))
        return messages

    async def send_document(
        self, content: bytes, name: str = "file.bin", mime_type: str | None = None, **fields: Any
    ) -> Message:
        """Send a file unchanged."""
        message: Message = await self.act("document", form([(content, name, mime_type)], fields))
        return message

    async def send_clip(self, kind: str) -> Message:
        """Send a voice message, video, sticker or animation that the sandbox makes up."""
        message: Message = await self.act(kind)
        return message

    async def send_live_photo(self, still: bytes, **fields: Any) -> Message:
        """Send a photo that moves; the sandbox makes up the moving part."""
        message: Message = await self.act("live_photo", form([(still, "still.jpg", "image/jpeg")], fields))
        return message

    async def forward(self, message: Message, **fields: Any) -> Message:
        """Forward a message of any chat. `fields` are those of the route, such as `hidden`."""
        source = {"from_chat_id": message["chat"]["id"], "message_id": message["message_id"]}
        forwarded: Message = await self.act("forward", {**source, **fields})
        return forwarded

    async def edit(self, message: Message, text: str) -> Message:
        """Change the text or the caption of one's own message."""
        edited: Message = await self.act("edit", {**_which(message), "text": text})
        return edited

    async def edit_photo(self, message: Message, photo: bytes, caption: str | None = None) -> Message:
        """Replace the photo of one's own message."""
        fields = {**_which(message), "caption": caption}
        edited: Message = await self.act("edit", form([(photo, "0.jpg", "image/jpeg")], fields))
        return edited

    async def click(self, message: Message, button: str | int) -> None:
        """Press a button of a message by a part of its text, or by its number in reading order."""
        buttons = [each for row in message["reply_markup"]["inline_keyboard"] for each in row]
        found = buttons[button] if isinstance(button, int) else next(each for each in buttons if button in each["text"])
        await self.act("click", {**_which(message), "data": found["callback_data"]})

    async def press(self, message_id: int, data: str) -> None:
        """Press a button of the private chat by its data."""
        await self.act("click", {"message_id": message_id, "data": data})

    async def open_web_app(self, message: Message, button: str) -> str:
        """Open the Mini App of a button; returns its address with the init data after `#`, as its page gets it."""
        buttons = [each for row in message["reply_markup"]["inline_keyboard"] for each in row]
        [url] = [each["web_app"]["url"] for each in buttons if button in each["text"]]
        answer = await self.act("web_app", {"message_id": message["message_id"], "url": url})
        return f"{url}#{urlencode({'tgWebAppData': answer['init_data']})}"

    async def share(self, request_id: int, *user_ids: int) -> Message:
        """Pick people for a button of the keyboard that asks for them."""
        message: Message = await self.act("share", {"request_id": request_id, "user_ids": user_ids})
        return message

    async def open_topic(self, name: str, chat_id: int | None = None) -> int:
        """Open a topic; returns its `message_thread_id`."""
        return int((await self.act("topic", {"name": name, "chat_id": chat_id}))["message_thread_id"])

    async def gather(self, title: str, *others: int, **fields: Any) -> int:
        """Make a group with these people and the bot; returns its id. `fields` are those of the route."""
        return int((await self.post("/sim/groups", {"title": title, "members": [self.id, *others], **fields}))["id"])

    async def block(self, blocked: bool = True) -> None:
        """Stop the bot, or let it write again."""
        await self.act("block", {"blocked": blocked})

    async def transcript(self, chat_id: int | None = None) -> dict[str, Any]:
        """The current state of the private chat, or of the chat with this id."""
        chat: dict[str, Any] = await self.get(f"/sim/chats/{chat_id or self.id}/transcript")
        return chat

    async def messages(self, chat_id: int | None = None) -> list[Message]:
        """The messages of the chat, the oldest first."""
        messages: list[Message] = (await self.transcript(chat_id))["messages"]
        return messages

    async def wait(
        self, find: Callable[[dict[str, Any]], T | None], within: float = TIMEOUT_SECONDS, chat_id: int | None = None
    ) -> T:
        """Wait until `find` returns something for the transcript. Raises: AssertionError after `within` seconds."""
        version = -1
        transcript: dict[str, Any] = {}
        try:
            async with asyncio.timeout(within):
                while True:
                    path = f"/sim/chats/{chat_id or self.id}/transcript?beyond={version}&wait={LONGEST_HOLD}"
                    transcript = await self.get(path)
                    version = transcript["version"]
                    if (found := find(transcript)) is not None:
                        return found
        except TimeoutError:
            said = [words(message) for message in transcript.get("messages", [])]
            raise AssertionError(f"not found within {within:g} s; the chat is {said}") from None

    async def calls(self, method: str) -> list[dict[str, Any]]:
        """The bot's calls of one method to this person."""
        answer = await self.get(f"/sim/calls?method={method}")
        return [call for call in answer["calls"] if call["chat_id"] == self.id]

    async def faults(self, *faults: dict[str, Any]) -> None:
        """Order failures of the calls to this person. A call without a chat needs `chat_id` None."""
        await self.post("/sim/faults", [{"chat_id": self.id, **fault} for fault in faults])

    async def file(self, file_id: str) -> bytes:
        """A file's bytes."""
        async with self._http.get(f"{self.api_url}/sim/files/{file_id}") as response:
            if response.status != 200:
                raise Refused(response.status, await response.text())
            return await response.read()

    async def act(self, action: str, body: object = None) -> Any:
        """Call one of this person's routes with JSON or a form."""
        return await self.post(f"/sim/users/{self.id}/{action}", body)

    async def post(self, path: str, body: object = None) -> Any:
        """Call any route with JSON or a form."""
        content = {"data": body} if isinstance(body, FormData) or body is None else {"json": body}
        async with self._http.post(self.api_url + path, **content) as response:
            return _result(response.status, await response.text())

    async def get(self, path: str) -> Any:
        """Look something up by its route."""
        async with self._http.get(self.api_url + path) as response:
            return _result(response.status, await response.text())


def form(files: Sequence[tuple[bytes, str, str | None]], fields: dict[str, Any]) -> FormData:
    """Files, as (bytes, name, media type), and plain fields."""
    data = FormData(default_to_multipart=True)
    for content, name, mime_type in files:
        # aiohttp warns about large bytes but not about a file.
        data.add_field("file", io.BytesIO(content), filename=name, content_type=mime_type)
    for name, value in fields.items():
        if value is not None:
            data.add_field(name, str(value))
    return data


def _which(message: Message) -> dict[str, int]:
    return {"message_id": message["message_id"], "chat_id": message["chat"]["id"]}


def words(message: Message) -> str:
    """The text of a message, or the caption of its photo."""
    return str(message.get("text") or message.get("caption") or "")


def _result(status: int, body: str) -> Any:
    answer = json.loads(body)
    if status != 200:
        raise Refused(status, answer["description"])
    return answer

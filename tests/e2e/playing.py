"""The real bot process, the real sandbox process, and a person who writes to the bot, all over HTTP."""

import asyncio
import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from aiohttp import ClientSession, FormData

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "7000000001:e2e-token-that-no-log-may-hold"
ADMIN_ID = 1
PATIENCE = 60.0

T = TypeVar("T")
Message = dict[str, Any]


def environment(**settings: str) -> dict[str, str]:
    """This process's environment without settings of a bot, but with `settings`.

    WEIGHTS_DIR is kept: it points the tests to other weights than those of the repository.
    """
    ours = ("BOT_TOKEN", "TELEGRAM_API_URL", "ADMIN_IDS", "OPERATOR", "DATA_DIR", "DATABASE_URL", "DATA_KEY")
    others = ("RETENTION_DAYS", "SANDBOX_PORT", "LOG_LEVEL", "LOG_FORMAT")
    kept = {name: value for name, value in os.environ.items() if name not in ours + others}
    return {**kept, "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(ROOT), **settings}


@contextmanager
def sandbox_process() -> Iterator[str]:
    """`python -m bot.sandbox` on a free port; gives its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bot.sandbox"],
        env=environment(BOT_TOKEN=TOKEN, SANDBOX_PORT="0", ADMIN_IDS=str(ADMIN_ID)),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        for line in process.stdout:
            name, _, value = line.strip().partition("=")
            if name == "TELEGRAM_API_URL":
                yield value
                break
        else:
            raise AssertionError("the sandbox did not start")
    finally:
        process.terminate()
        process.communicate(timeout=20)


@dataclass
class BotProcess:
    """`python -m bot` against a sandbox, with its data in a folder; what it logs goes to `log`."""

    api_url: str
    folder: Path
    settings: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        return self.folder / "bot.log"

    def start(self) -> None:
        settings = {
            "BOT_TOKEN": TOKEN,
            "TELEGRAM_API_URL": self.api_url,
            "DATA_DIR": str(self.folder),
            "ADMIN_IDS": str(ADMIN_ID),
            "LOG_LEVEL": "DEBUG",
            **self.settings,
        }
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "bot"], env=environment(**settings), stdout=log, stderr=log, cwd=self.folder
            )

    def kill(self) -> None:
        """kill -9."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(timeout=20)

    def stop(self) -> int:
        """SIGTERM; gives the exit status."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(timeout=60)


class Person:
    """Somebody in the sandbox. Methods return when the sandbox has taken what was done, not when it is answered."""

    def __init__(self, http: ClientSession, api_url: str, user_id: int, name: str, language: str) -> None:
        self._http = http
        self.api_url = api_url
        self.id = user_id
        self.name = name
        self.language = language
        # Messages already looked at by `answer`.
        self._seen = 0

    async def join(self) -> "Person":
        await self._post("/sim/users", json={"id": self.id, "first_name": self.name, "language_code": self.language})
        return self

    async def write(self, text: str) -> Message:
        return await self._act("message", json={"text": text})

    async def send_photos(self, *photos: bytes, caption: str | None = None) -> list[Message]:
        form = FormData()
        for number, photo in enumerate(photos):
            form.add_field("files", photo, filename=f"{number}.jpg", content_type="image/jpeg")
        if caption is not None:
            form.add_field("caption", caption)
        return await self._act("photos", data=form)

    async def send_document(self, content: bytes, name: str, mime_type: str) -> Message:
        form = FormData()
        # aiohttp warns of large bytes, not of a file.
        form.add_field("file", io.BytesIO(content), filename=name, content_type=mime_type)
        return await self._act("document", data=form)

    async def send_clip(self, kind: str) -> Message:
        """A voice message, video, sticker or animation."""
        return await self._act(kind)

    async def click(self, message: Message, button: str | int) -> None:
        """Press a button of a message by its text, or by its number in reading order."""
        buttons = [each for row in message["reply_markup"]["inline_keyboard"] for each in row]
        found = buttons[button] if isinstance(button, int) else next(each for each in buttons if button in each["text"])
        await self.press(message["message_id"], found["callback_data"])

    async def press(self, message_id: int, data: str) -> None:
        """Press a button by its data."""
        await self._act("click", json={"message_id": message_id, "data": data})

    async def agree(self) -> None:
        """The first contact: /start and the button of consent."""
        await self.write("/start")
        await self.click(await self.answer(), 0)
        await self.answer()

    async def transcript(self) -> dict[str, Any]:
        return await self._get(f"/sim/users/{self.id}/transcript")

    async def answer(self, condition: Callable[[Message], bool] = lambda message: True) -> Message:
        """The bot's next message that is not a progress message and meets `condition`; waits for it."""

        def find(transcript: dict[str, Any]) -> Message | None:
            for message in transcript["messages"]:
                new = message["from"]["is_bot"] and message["message_id"] > self._seen
                if new and not is_progress(message) and condition(message):
                    self._seen = message["message_id"]
                    return message
            return None

        return await self.wait(find)

    async def answered(self, condition: Callable[[Message], bool] = lambda message: True) -> Message:
        """`answer` to a photo, and the request behind it is closed: its progress message is gone."""
        reply = await self.answer(condition)
        await self.wait(lambda chat: None if any(map(is_progress, chat["messages"])) else True)
        return reply

    async def wait(self, find: Callable[[dict[str, Any]], T | None], patience: float = PATIENCE) -> T:
        """Wait until `find` finds something in the transcript."""
        version = -1
        transcript: dict[str, Any] = {}
        try:
            async with asyncio.timeout(patience):
                while True:
                    path = f"/sim/users/{self.id}/transcript?beyond={version}&wait=10"
                    transcript = await self._get(path)
                    version = transcript["version"]
                    if (found := find(transcript)) is not None:
                        return found
        except TimeoutError:
            said = [message.get("text") or message.get("caption") for message in transcript.get("messages", [])]
            raise AssertionError(f"not found within {patience} s; the chat is {said}") from None

    async def calls(self, method: str) -> list[dict[str, Any]]:
        """The bot's calls of one method to this person."""
        answer = await self._get(f"/sim/calls?method={method}")
        return [call for call in answer["calls"] if call["chat_id"] == self.id]

    async def faults(self, *faults: dict[str, Any]) -> None:
        """Order failures of the calls to this person; calls that concern no chat need `chat_id` None."""
        await self._post("/sim/faults", json=[{"chat_id": self.id, **fault} for fault in faults])

    async def file(self, file_id: str) -> bytes:
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
    return str(message.get("text", "")).startswith("🔎")


def words(message: Message) -> str:
    """The text of a message, or the caption of its photo."""
    return str(message.get("text") or message.get("caption") or "")

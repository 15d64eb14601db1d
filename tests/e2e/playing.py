"""A person who writes to this bot and waits for its answers."""

from collections.abc import Callable
from typing import Any

from aiohttp import ClientSession

from benchmarks.load.chats import is_progress
from bot.sandbox.client import Message, words
from bot.sandbox.client import Person as Actor

QUICK_BOT = "tests.e2e.quick_bot"


class Person(Actor):
    """Somebody in the sandbox who reads what is answered."""

    def __init__(self, http: ClientSession, api_url: str, user_id: int, name: str, language: str) -> None:
        super().__init__(http, api_url, user_id, name, language)
        # Messages already looked at by `answer`.
        self._seen = 0

    async def agree(self) -> None:
        """The first contact: /start and the button of consent."""
        await self.write("/start")
        await self.click(await self.answer(), 0)
        await self.answer()

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
        await self.undisturbed()
        return reply

    async def changed(self, message: Message) -> Message:
        """A message once it says something else than `message` did."""

        def find(transcript: dict[str, Any]) -> Message | None:
            now = next((m for m in transcript["messages"] if m["message_id"] == message["message_id"]), None)
            return None if now is None or words(now) == words(message) else now

        return await self.wait(find)

    async def undisturbed(self) -> None:
        """Wait until no progress message is left."""
        await self.wait(lambda chat: None if any(map(is_progress, chat["messages"])) else True)

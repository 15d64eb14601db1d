"""Follows all chats of the sandbox: what was sent, what was answered, and when.

Times are the sandbox's own: when a message was in the chat. So the delays of the crowd's own process, which sends for
two hundred people at once, do not count.
"""

import asyncio
import contextlib
import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout

from bot.sandbox.client import Message, words

LINE_LIMIT = 2**20


def is_progress(message: Message) -> bool:
    """Whether a message of the bot only says that photos wait or are being analysed."""
    return words(message).startswith("🔎")


def is_hint(message: Message) -> bool:
    """Whether a message of the bot says, once to each person, how to hold the phone. It follows the answer."""
    return words(message).startswith("A word about the photo")


def is_offer(message: Message) -> bool:
    """Whether a message of the bot offers an answer that may have been sent before a kill."""
    return words(message).startswith(("I was restarted just as I answered", "Меня перезапустили как раз тогда"))


def is_delay(message: Message) -> bool:
    """Whether a message of the bot says that the database is busy and the photo is read later."""
    return words(message).startswith(("My memory is busy", "Моя память сейчас занята"))


@dataclass
class Sent:
    """A photo or an album of one person; times are of `time.monotonic`."""

    person: int
    message_ids: list[int]
    at: float
    replies: list[Message] = field(default_factory=list)
    answered_at: float | None = None
    place_shown_at: float | None = None

    @property
    def photos(self) -> int:
        return len(self.message_ids)

    @property
    def seconds(self) -> float | None:
        """Seconds from the photo to the reply that completes its answer; None if there is none yet."""
        return None if self.answered_at is None else self.answered_at - self.at

    @property
    def answers(self) -> int:
        """How many times it was answered. The answer to an album is its pictures and one text message.

        After a kill, an answer may be offered. This counts only if no other answer came.
        """
        answers = [each for each in self.replies if self.photos == 1 or "text" in each]
        offers = sum(map(is_offer, answers))
        return len(answers) - offers or min(offers, 1)


class Chats:
    """Follows the sandbox's events. Senders report to it what they have sent."""

    def __init__(self, http: ClientSession, api_url: str) -> None:
        self._http = http
        self._api_url = api_url
        self.sent: list[Sent] = []
        self._by_message: dict[tuple[int, int], Sent] = {}
        self._early: defaultdict[tuple[int, int], list[tuple[Message, float]]] = defaultdict(list)
        self._waiting: list[tuple[int, Callable[[Message], bool], asyncio.Future[Message]]] = []
        self._times: dict[tuple[int, int], float] = {}
        self._answer = asyncio.Event()
        self.ready = asyncio.Event()

    async def follow(self) -> None:
        """Follow events until cancelled. Events during a broken connection are lost."""
        url, timeout = f"{self._api_url}/sim/events", ClientTimeout(total=None)
        async with self._http.get(url, timeout=timeout, read_bufsize=LINE_LIMIT) as response:
            async for line in response.content:
                self.ready.set()
                if line.startswith(b"data: "):
                    self._take(json.loads(line.removeprefix(b"data: ")))
        raise ClientError("the sandbox ended the events: too slow a reader")

    def note(self, person: int, messages: list[Message], at: float) -> Sent:
        """Note that somebody has sent a photo or an album."""
        sent = Sent(person, [each["message_id"] for each in messages], at)
        self.sent.append(sent)
        for message_id in sent.message_ids:
            self._by_message[person, message_id] = sent
            for message, when in self._early.pop((person, message_id), ()):
                self._reply(sent, message, when)
        return sent

    def expect(self, person: int, condition: Callable[[Message], bool]) -> asyncio.Future[Message]:
        """The bot's next message to somebody that meets `condition` and is no progress message."""
        future: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._waiting.append((person, condition, future))
        return future

    def seconds_between(self, person: int, message: Message, answer: Message) -> float:
        """Seconds between somebody's message and its answer."""
        return self._times[person, answer["message_id"]] - self._times[person, message["message_id"]]

    async def answered(self, sent: list[Sent], seconds: float) -> None:
        """Wait until all of these are answered, or until the time is over."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while any(each.answered_at is None for each in sent):
                    self._answer.clear()
                    await self._answer.wait()

    def _take(self, event: dict[str, Any]) -> None:
        if event["kind"] not in ("message", "edit"):
            return
        person, message, now = event["chat_id"], event["data"]["message"], event["at"]
        self._times.setdefault((person, message["message_id"]), now)
        if not message["from"]["is_bot"]:
            return
        if is_hint(message) or is_delay(message):
            return
        if is_progress(message):
            self._progress(person, message, now)
            return
        replied = message.get("reply_to_message", {}).get("message_id")
        if event["kind"] == "message" and replied is not None:
            sent = self._by_message.get((person, replied))
            if sent is None:
                self._early[person, replied].append((message, now))
            else:
                self._reply(sent, message, now)
        for each in self._waiting:
            if each[0] == person and not each[2].done() and each[1](message):
                each[2].set_result(message)
        self._waiting = [each for each in self._waiting if not each[2].done()]

    def _reply(self, sent: Sent, message: Message, now: float) -> None:
        sent.replies.append(message)
        if sent.answered_at is None and (sent.photos == 1 or "text" in message):
            sent.answered_at = now
            self._answer.set()

    def _progress(self, person: int, message: Message, now: float) -> None:
        if "\n" not in words(message):
            return
        for sent in self.sent:
            if sent.person == person and sent.answered_at is None and sent.place_shown_at is None:
                sent.place_shown_at = now

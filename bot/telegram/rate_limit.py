"""Rate limits for messages about photos and for broadcasts: fair shares, with room left for the chat."""

import asyncio
import heapq
from enum import Enum, auto
from itertools import count
from typing import NamedTuple

# Telegram takes 30 a second from a bot in all. The rest is for /help and the like, which do not wait here.
MESSAGES_PER_SECOND = 25
CHAT_INTERVAL_S = 1.0


class MessageKind(Enum):
    """What a message is: the first word of a long wait, an answer, any other sign of progress, or a broadcast's."""

    PLACE = auto()
    ANSWER = auto()
    PROGRESS = auto()
    BROADCAST = auto()


# Where all of them wait, four people hear of their wait for one answer: it takes less time to tell everybody than
# to read everybody's photos. What is merely pleasant to know comes now and then, and so does a broadcast, for which
# nobody waits: one message for every four answers, and all the turns that nobody else wants.
COST = {MessageKind.PLACE: 1, MessageKind.ANSWER: 4, MessageKind.PROGRESS: 16, MessageKind.BROADCAST: 16}


class _Waiting(NamedTuple):
    """Sorts by how long somebody has waited; the number tells equals apart."""

    since: float
    number: int
    messages: int
    turn: asyncio.Future[None]


class RateLimiter:
    """Hands out turns to send: fairly between the kinds, and within one to whoever has waited longest.

    Self-clocked fair queueing: S. J. Golestani, "A Self-Clocked Fair Queueing Scheme for Broadband Applications",
    INFOCOM 1994. Time not used is not made up for by a burst.
    """

    def __init__(self) -> None:
        self._waiting: dict[MessageKind, list[_Waiting]] = {kind: [] for kind in MessageKind}
        # When the latest of each kind was through, in units of cost, if the kind got its share all the time.
        self._tags = dict.fromkeys(MessageKind, 0)
        self._served = 0
        self._numbers = count()
        self._next = 0.0
        self._timer: asyncio.TimerHandle | None = None

    async def acquire(self, kind: MessageKind, messages: int = 1, *, since: float | None = None) -> None:
        """Wait until so many messages may go out at once.

        Whoever has waited before asking says `since` when, by the clock of the event loop.
        """
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[None] = loop.create_future()
        if not self._waiting[kind]:
            self._tags[kind] = max(self._served, self._tags[kind])
        began = loop.time() if since is None else since
        heapq.heappush(self._waiting[kind], _Waiting(began, next(self._numbers), messages, turn))
        self._release()
        await turn

    def _release(self) -> None:
        loop = asyncio.get_running_loop()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while tags := self._next_tags():
            kind = min(tags, key=tags.__getitem__)
            first = self._waiting[kind][0]
            # An album has the same pause before it as after it: no second sees more messages than Telegram takes.
            due = self._next + (first.messages - 1) / MESSAGES_PER_SECOND
            if due > loop.time():
                self._timer = loop.call_at(due, self._release)
                return
            heapq.heappop(self._waiting[kind])
            self._served = self._tags[kind] = tags[kind]
            self._next = loop.time() + first.messages / MESSAGES_PER_SECOND
            first.turn.set_result(None)

    def _next_tags(self) -> dict[MessageKind, int]:
        """The tags of those who are next of their kind, without those who have given up."""
        tags = {}
        for kind, waiting in self._waiting.items():
            while waiting and waiting[0].turn.done():
                heapq.heappop(waiting)
            if waiting:
                tags[kind] = self._tags[kind] + COST[kind] * waiting[0].messages
        return tags


class BulkRateLimiter:
    """The rate limiter for broadcasts: first come, first served, and one message a second to one chat.

    Telegram may ask for silence. Only broadcasts wait for it to end.
    """

    def __init__(self, rate_limiter: RateLimiter) -> None:
        self._rate_limiter = rate_limiter
        self._queue = asyncio.Lock()
        self._resumes = 0.0
        self._chats: dict[int, float] = {}

    async def acquire(self, chat_id: int) -> None:
        """Wait until a message to this chat may go out."""
        clock = asyncio.get_running_loop().time
        async with self._queue:
            await asyncio.sleep(self._chats.get(chat_id, 0.0) - clock())
            while True:
                await asyncio.sleep(self._resumes - clock())
                await self._rate_limiter.acquire(MessageKind.BROADCAST)
                now = clock()
                # A pause that began meanwhile wins: this turn goes unused.
                if self._resumes <= now:
                    break
            self._chats = {chat: until for chat, until in self._chats.items() if until > now}
            self._chats[chat_id] = now + CHAT_INTERVAL_S

    def pause(self, seconds: float) -> None:
        """Let no broadcast message go out for so many seconds."""
        self._resumes = max(self._resumes, asyncio.get_running_loop().time() + seconds)

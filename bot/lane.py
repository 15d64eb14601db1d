"""The lane of all that the bot says about photos and in broadcasts: in fair shares, with room left for the chat."""

import asyncio
import heapq
from enum import Enum, auto
from itertools import count

# Telegram takes 30 a second from a bot in all. The rest is for /help and the like, which do not wait here.
MESSAGES_PER_SECOND = 25


class Kind(Enum):
    """What a message is: the first word of a long wait, an answer, any other sign of progress, or a broadcast's."""

    PLACE = auto()
    ANSWER = auto()
    PROGRESS = auto()
    BROADCAST = auto()


# Where all of them wait, four people are told of their wait for one answer: it takes less time to tell everybody than
# to read everybody's photos. What is merely pleasant to know comes now and then, and so does a broadcast, for which
# nobody waits: one message for every four answers, and all the turns that nobody else wants.
COST = {Kind.PLACE: 1, Kind.ANSWER: 4, Kind.PROGRESS: 16, Kind.BROADCAST: 16}


class Lane:
    """Hands out turns to send: fairly between the kinds, first come, first served within one.

    Self-clocked fair queueing: S. J. Golestani, "A Self-Clocked Fair Queueing Scheme for Broadband Applications",
    INFOCOM 1994. Time not used is not made up for by a burst.
    """

    def __init__(self) -> None:
        # By tag: when a message would be through, in units of cost, if its kind got its share all the time.
        self._waiting: list[tuple[int, int, int, asyncio.Future[None]]] = []
        self._tags = dict.fromkeys(Kind, 0)
        self._served = 0
        self._numbers = count()
        self._next = 0.0
        self._timer: asyncio.TimerHandle | None = None

    async def turn(self, kind: Kind, messages: int = 1) -> None:
        """Wait until so many messages may go out at once."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        tag = self._tags[kind] = max(self._served, self._tags[kind]) + COST[kind] * messages
        heapq.heappush(self._waiting, (tag, next(self._numbers), messages, turn))
        self._release()
        await turn

    def _release(self) -> None:
        loop = asyncio.get_running_loop()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._waiting:
            tag, _number, messages, turn = self._waiting[0]
            # Before an album the lane rests as long as after it: no second sees more messages than Telegram takes.
            due = self._next + (messages - 1) / MESSAGES_PER_SECOND
            if not turn.done() and due > loop.time():
                self._timer = loop.call_at(due, self._release)
                return
            heapq.heappop(self._waiting)
            self._served = tag
            if not turn.done():
                self._next = loop.time() + messages / MESSAGES_PER_SECOND
                turn.set_result(None)

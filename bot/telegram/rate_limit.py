"""The rate limiter: a limit for each chat, and fair shares of Telegram's limit for the whole bot."""

import asyncio
import heapq
from collections.abc import Hashable
from dataclasses import dataclass, field
from enum import Enum, auto
from itertools import count

# Telegram accepts 30 a second from a bot in total. The difference allows for messages that arrive close together.
MESSAGES_PER_SECOND = 25
ACTION_INTERVAL_S = 4.0
# An unused turn expires after this time.
TURN_SECONDS = 30.0
CHATS_KEPT = 1000
LONGEST_PAUSE_S = 60.0


@dataclass(frozen=True)
class Pace:
    """The limit of messages for one chat.

    Args:
        burst: at once, after a quiet time.
        per_second: on average.
        group_per_minute: within any minute, if the chat is a group.
    """

    burst: int
    per_second: float
    group_per_minute: int

    def interval(self, chat: Hashable) -> float:
        """Seconds from one message to the next, once the burst is used up. Ids of groups are below zero."""
        if isinstance(chat, int) and chat < 0:
            return 60 / (self.group_per_minute - self.burst)
        return 1 / self.per_second


# What Telegram asks for.
PACE = Pace(burst=3, per_second=1, group_per_minute=20)


class MessageKind(Enum):
    """The kind of a message: a reply in the chat, the first notice of a long wait, an answer about a photo, other
    progress, or a broadcast."""

    CHAT = auto()
    PLACE = auto()
    ANSWER = auto()
    PROGRESS = auto()
    BROADCAST = auto()


# If all kinds wait, four people get the notice of their wait for each answer, because telling everybody takes less time
# than analysing everybody's photos. Other progress and broadcasts are less urgent: one message for every four answers,
# and all turns that no other kind needs.
COST = {
    MessageKind.CHAT: 1,
    MessageKind.PLACE: 1,
    MessageKind.ANSWER: 4,
    MessageKind.PROGRESS: 16,
    MessageKind.BROADCAST: 16,
}


@dataclass(order=True)
class _Waiting:
    """Sorts by waiting time. The number decides between equal times."""

    since: float
    number: int
    kind: MessageKind = field(compare=False)
    messages: int = field(compare=False)
    chat: "_Chat | None" = field(compare=False)
    turn: asyncio.Future[None] = field(compare=False)


@dataclass(eq=False)
class _Chat:
    """The state of one chat; times are of the event loop's clock."""

    burst: int
    interval: float
    # How many calls wait for this chat, or will soon.
    waiting: int = 0
    # When the chat may get a full burst again.
    full_at: float = 0.0
    # Telegram has asked for a pause until this time.
    silent_until: float = 0.0
    # The last chat action that was sent, and when.
    acted: tuple[str, float] = "", float("-inf")
    parked: list[_Waiting] = field(default_factory=list)
    # When given but unused turns expire.
    turns: list[float] = field(default_factory=list)

    @property
    def ready_at(self) -> float:
        return max(self.full_at - (self.burst - 1) * self.interval, self.silent_until)

    def charge(self, messages: int, now: float) -> None:
        # An album cannot be split. It costs at most a burst; otherwise the chat would have to pause for long after it.
        self.full_at = max(self.full_at, now) + min(messages, self.burst) * self.interval


class RateLimiter:
    """Gives turns to send: fairly between the kinds, and within a kind to the one who has waited longest.

    Self-clocked fair queueing: S. J. Golestani, "A Self-Clocked Fair Queueing Scheme for Broadband Applications",
    INFOCOM 1994. Unused time does not allow a burst later. Each chat has a pace of its own. A message to a chat that
    has had its share, or that Telegram has silenced, is parked, and delays no other.
    """

    def __init__(self, pace: Pace = PACE) -> None:
        self._pace = pace
        self._waiting: dict[MessageKind, list[_Waiting]] = {kind: [] for kind in MessageKind}
        # Kind -> virtual finish time of its latest message, in units of cost.
        self._tags = dict.fromkeys(MessageKind, 0)
        self._served = 0
        self._numbers = count()
        self._next = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._chats: dict[Hashable, _Chat] = {}
        # When a parked chat is ready, and a number that makes entries distinct.
        self._wakes: list[tuple[float, int, _Chat]] = []

    async def acquire(
        self, kind: MessageKind, messages: int = 1, *, chat_id: int | None = None, since: float | None = None
    ) -> None:
        """Wait until this many messages may go out together. The next ones to the chat then go without waiting.

        `since` is when the wait began, by the clock of the event loop, if it began before this call.
        """
        loop = asyncio.get_running_loop()
        chat = None if chat_id is None else self._chat(chat_id)
        began = loop.time() if since is None else since
        turn: asyncio.Future[None] = loop.create_future()
        self._enqueue(_Waiting(began, next(self._numbers), kind, messages, chat, turn))
        self._release()
        if chat is None:
            await turn
            return
        chat.waiting += 1
        try:
            await turn
        finally:
            chat.waiting -= 1
        chat.turns += [loop.time() + TURN_SECONDS] * messages

    async def admit(self, chat_id: int, messages: int) -> None:
        """Wait until a call with this many messages may go out. It uses turns acquired before, or else new ones."""
        chat, now = self._chat(chat_id), asyncio.get_running_loop().time()
        chat.turns = [until for until in chat.turns if until > now]
        if len(chat.turns) < messages or chat.silent_until > now:
            await self.acquire(MessageKind.CHAT, messages, chat_id=chat_id)
        del chat.turns[:messages]

    async def until_allowed(self, key: Hashable) -> None:
        """Wait while Telegram asks for a pause for a chat or for a method."""
        await asyncio.sleep(self._chat(key).silent_until - asyncio.get_running_loop().time())

    def may_act(self, chat_id: int, action: str) -> bool:
        """Whether to send a chat action: not during a pause, and not more often than Telegram needs it."""
        chat, now = self._chat(chat_id), asyncio.get_running_loop().time()
        shown, at = chat.acted
        if chat.silent_until > now or (shown == action and at > now - ACTION_INTERVAL_S):
            return False
        chat.acted = action, now
        return True

    def hold(self, key: Hashable, seconds: float) -> None:
        """Note that Telegram asks for a pause of any length for a chat, or for a method without a chat."""
        chat = self._chat(key)
        chat.silent_until = max(chat.silent_until, asyncio.get_running_loop().time() + seconds)

    def _chat(self, key: Hashable) -> _Chat:
        if len(self._chats) > CHATS_KEPT:
            now = asyncio.get_running_loop().time()
            self._chats = {
                key: chat
                for key, chat in self._chats.items()
                if max(chat.full_at, chat.silent_until, *chat.turns) > now or chat.waiting
            }
        return self._chats.setdefault(key, _Chat(self._pace.burst, self._pace.interval(key)))

    def _enqueue(self, waiting: _Waiting) -> None:
        if not self._waiting[waiting.kind]:
            self._tags[waiting.kind] = max(self._served, self._tags[waiting.kind])
        heapq.heappush(self._waiting[waiting.kind], waiting)

    def _release(self) -> None:
        loop = asyncio.get_running_loop()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._wake()
        while tags := self._next_tags():
            kind = min(tags, key=tags.__getitem__)
            first = self._waiting[kind][0]
            # The pauses before and after an album are equal, so no second has more messages than Telegram accepts.
            due = self._next + (first.messages - 1) / MESSAGES_PER_SECOND
            if due > loop.time():
                break
            heapq.heappop(self._waiting[kind])
            self._served = self._tags[kind] = tags[kind]
            self._next = loop.time() + first.messages / MESSAGES_PER_SECOND
            if first.chat is not None:
                first.chat.charge(first.messages, loop.time())
            first.turn.set_result(None)
        else:
            due = float("inf")
        if self._wakes:
            due = min(due, self._wakes[0][0])
        if due < float("inf"):
            self._timer = loop.call_at(due, self._release)

    def _next_tags(self) -> dict[MessageKind, int]:
        """Kind -> finish tag of its next message, without cancelled ones and those whose chat is not ready."""
        tags, now = {}, asyncio.get_running_loop().time()
        for kind, waiting in self._waiting.items():
            while waiting and (waiting[0].turn.done() or not _is_ready(waiting[0], now)):
                self._park(heapq.heappop(waiting))
            if waiting:
                tags[kind] = self._tags[kind] + COST[kind] * waiting[0].messages
        return tags

    def _park(self, waiting: _Waiting) -> None:
        chat = waiting.chat
        if chat is None or waiting.turn.done():
            return
        if not chat.parked:
            heapq.heappush(self._wakes, (chat.ready_at, next(self._numbers), chat))
        chat.parked.append(waiting)

    def _wake(self) -> None:
        """Move waiting calls of a chat that is ready again back to the others."""
        now = asyncio.get_running_loop().time()
        while self._wakes and self._wakes[0][0] <= now:
            chat = heapq.heappop(self._wakes)[2]
            parked, chat.parked = chat.parked, []
            for each in parked:
                if not each.turn.done():
                    self._enqueue(each)


def _is_ready(waiting: _Waiting, now: float) -> bool:
    return waiting.chat is None or waiting.chat.ready_at <= now


class BulkRateLimiter:
    """The rate limiter for broadcasts. If Telegram asks for a pause, only broadcasts wait for its end."""

    def __init__(self, rate_limiter: RateLimiter) -> None:
        self._rate_limiter = rate_limiter
        self._resumes = 0.0

    async def acquire(self, chat_id: int) -> None:
        """Wait until a message to this chat may go out."""
        clock = asyncio.get_running_loop().time
        while True:
            await asyncio.sleep(self._resumes - clock())
            await self._rate_limiter.acquire(MessageKind.BROADCAST, chat_id=chat_id)
            # If a pause began meanwhile, this turn is not used.
            if self._resumes <= clock():
                return

    async def until_allowed(self, chat_id: int) -> None:
        """Wait while Telegram asks for a pause of a chat."""
        await self._rate_limiter.until_allowed(chat_id)

    def pause(self, seconds: float) -> None:
        """Let no broadcast message go out for this many seconds, but at most a minute, because a long pause is only
        about one chat."""
        self._resumes = max(self._resumes, asyncio.get_running_loop().time() + min(seconds, LONGEST_PAUSE_S))

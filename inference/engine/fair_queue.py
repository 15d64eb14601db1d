"""A fair queue: the next turn goes to the owner who has used the least working time. Nobody can delay the others.

This is "least attained service" with a virtual clock. A newcomer starts with the working time of an equal share so
far. So nobody gains by being away, and nobody can starve the others by sending without end. A.
Demers, S. Keshav and S. Shenker, "Analysis and Simulation of a Fair Queueing Algorithm", SIGCOMM 1989.
"""

from collections import Counter, deque
from collections.abc import Callable, Collection, Hashable
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

T = TypeVar("T", bound=Hashable)

# A slow download lets others go first. This many at once do no harm, for one owner and for all.
SLOW_OF_AN_OWNER: Final = 2
SLOW_AT_ONCE: Final = 50
# Weight of the latest item in the expected working time of an owner's items (exponential moving average).
WEIGHT_OF_THE_LATEST: Final = 0.5
# Times are whole milliseconds, so that sums are exact and equal times stay equal.
LEAST_MS: Final = 1


class QueueFull(Exception):
    """There is no room for all of these items."""


class ShareFull(Exception):
    """One owner has reached the limit of items in the queue."""


@dataclass(eq=False, frozen=True)
class Promise:
    """Room that an owner waits for. While somebody waits for room, no newcomer gets in."""

    owner: Hashable
    items: int


@dataclass(eq=False)
class _Owner(Generic[T]):
    """An owner with items in the queue. `used_ms` starts at the virtual time of their arrival."""

    number: int
    used_ms: int
    # The expected time of an item; None until one is finished.
    mean_ms: int | None = None
    held: int = 0
    # Items that are not worked on yet, in this order. Those that were called come first.
    waiting: deque[T] = field(default_factory=deque)
    working: set[T] = field(default_factory=set)


class FairQueue(Generic[T]):
    """Items of several owners. Each item waits, is called to be prepared, is worked on, is finished, and leaves.

    Args:
        limit: how many items may be in the queue at once.
        share: how many of them one owner may have.
        typical: expected seconds of an item whose owner is new.
        clock: monotonic time in seconds.
    """

    def __init__(self, limit: int, share: int, typical: Callable[[], float], clock: Callable[[], float]) -> None:
        self._limit = limit
        self._share = share
        self._typical = typical
        self._clock = clock
        self._owners: dict[Hashable, _Owner[T]] = {}
        self._items: dict[T, Hashable] = {}
        self._promises: list[Promise] = []
        self._called: set[T] = set()
        self._slow: set[T] = set()
        self._ready: set[T] = set()
        self._began: dict[T, float] = {}
        # What owners used who have left but used more than a newcomer's share, and the expected time of their items.
        self._past: dict[Hashable, tuple[int, int | None]] = {}
        self._virtual_ms = 0
        self._numbers = 0

    def __len__(self) -> int:
        """How many items there are, including finished ones that have not left."""
        return len(self._items)

    def promise(self, owner: Hashable, items: int) -> Promise:
        """Promise room. Promises are kept in order. A promise is skipped while its owner's share is full."""
        promise = Promise(owner, min(items, self._limit))
        self._promises.append(promise)
        return promise

    def forgo(self, promise: Promise) -> None:
        """The promise is kept, or no longer wanted."""
        self._promises.remove(promise)

    def has_room(self, promise: Promise) -> bool:
        """Whether the promised items may join now."""
        return self._next_promise() is promise and len(self) + promise.items <= self._limit

    def join(self, owner: Hashable, items: Collection[T], promise: Promise | None = None) -> None:
        """Put the items of one owner into the queue: all of them or none.

        Args:
            owner: whose they are.
            items: at least one.
            promise: of room for these items.

        Raises:
            QueueFull, ShareFull: there is no room for all of them.
        """
        if len(self) + len(items) > self._limit or self._next_promise() is not promise:
            raise QueueFull
        if not self._is_within_share(owner, len(items)):
            raise ShareFull
        known = self._owners.get(owner)
        if not items:
            return
        if known is None:
            self._numbers += 1
            used_ms, mean_ms = self._past.pop(owner, (0, None))
            known = self._owners[owner] = _Owner(self._numbers, max(used_ms, self._virtual_ms), mean_ms)
        known.held += len(items)
        known.waiting.extend(items)
        self._items.update(dict.fromkeys(items, owner))

    def _next_promise(self) -> Promise | None:
        return next((each for each in self._promises if self._is_within_share(each.owner, each.items)), None)

    def _is_within_share(self, owner: Hashable, items: int) -> bool:
        return (self._owners[owner].held if owner in self._owners else 0) + items <= self._share

    @property
    def called(self) -> int:
        """How many items are prepared or worked on, without those whose preparation is slow."""
        return len(self._called) + len(self._began) - len(self._slow)

    @property
    def working(self) -> int:
        """How many items are worked on."""
        return len(self._began)

    def call(self, *, others: bool = False) -> T | None:
        """The item to prepare next; None if none waits. `others` skips owners who already have one."""
        if len(self._slow) >= SLOW_AT_ONCE:
            return None
        slow = Counter(self._items[each] for each in self._slow)
        uncalled = {
            (self._base_ms(each) + called * self._item_ms(each), each.number): each.waiting[called]
            for owner, each in self._owners.items()
            if (called := sum(item in self._called for item in each.waiting)) < len(each.waiting)
            and slow[owner] < SLOW_OF_AN_OWNER
            and not (others and (called or each.working))
        }
        if not uncalled:
            return None
        item = uncalled[min(uncalled)]
        self._called.add(item)
        return item

    def mark_slow(self, item: T) -> None:
        """The preparation of a called item is slow, so it no longer counts."""
        if item in self._called and item not in self._ready:
            self._slow.add(item)

    def mark_ready(self, item: T) -> None:
        """A called item is prepared."""
        self._slow.discard(item)
        if item in self._called:
            self._ready.add(item)

    def start(self) -> T | None:
        """The prepared item to work on next; None if none is prepared."""
        ready = {self._items[item] for item in self._ready}
        if not ready:
            return None
        owner = min((self._owners[each] for each in ready), key=lambda each: (self._base_ms(each), each.number))
        item = next(each for each in owner.waiting if each in self._ready)
        owner.waiting.remove(item)
        owner.working.add(item)
        self._called.remove(item)
        self._ready.remove(item)
        self._began[item] = self._clock()
        return item

    def finish(self, item: T) -> None:
        """The work on an item is done or given up. Its owner has used the time that it took."""
        began = self._began.pop(item, None)
        if began is None:
            return
        owner = self._owners[self._items[item]]
        took_ms = round((self._clock() - began) * 1000)
        active = [each for each in self._owners.values() if each.waiting or each.working]
        self._virtual_ms += took_ms // len(active)
        owner.working.remove(item)
        owner.used_ms += took_ms
        before = took_ms if owner.mean_ms is None else owner.mean_ms
        owner.mean_ms = round(before + WEIGHT_OF_THE_LATEST * (took_ms - before))
        self._virtual_ms = max(self._virtual_ms, min(each.used_ms for each in active))
        self._past = {name: past for name, past in self._past.items() if past[0] > self._virtual_ms}

    def leave(self, item: T) -> None:
        """Take an item out of the queue. Does nothing if it has left already."""
        self.finish(item)
        name = self._items.pop(item, None)
        if name is None:
            return
        for each in (self._called, self._slow, self._ready):
            each.discard(item)
        owner = self._owners[name]
        if item in owner.waiting:
            owner.waiting.remove(item)
        owner.held -= 1
        if owner.held:
            return
        del self._owners[name]
        self._past[name] = owner.used_ms, owner.mean_ms
        if not self._owners:
            # Nobody waits, so everybody starts from zero.
            self._past.clear()
            self._virtual_ms = 0

    def ahead(self, item: T) -> int | None:
        """How many items come before this one; None once its turn has come."""
        before = self._before(item)
        if before is None:
            return None
        count = self.working + sum(before.values())
        return None if count == 0 and item in self._called else count

    def seconds(self, item: T) -> float:
        """The working time in seconds until an item is done, if one item is worked on at a time."""
        before = self._before(item) or {}
        own_ms = self._item_ms(self._owners[self._items[item]]) if item in self._items else 0
        waiting_ms = sum(count * self._item_ms(owner) for owner, count in before.items())
        others = [each for each in self._began if each != item]
        return (own_ms + waiting_ms) / 1000 + sum(map(self._remaining, others))

    def _before(self, item: T) -> dict[_Owner[T], int] | None:
        """How many items of each owner start before a waiting item; None for an item that does not wait."""
        owner = self._owners.get(self._items.get(item))
        if owner is None or item not in owner.waiting:
            return None
        index = owner.waiting.index(item)
        at_ms = self._base_ms(owner) + index * self._item_ms(owner)
        counts = {owner: index}
        for other in self._owners.values():
            if other is not owner and other.waiting:
                rounds, rest = divmod(at_ms - self._base_ms(other), self._item_ms(other))
                counts[other] = min(len(other.waiting), max(0, rounds + (rest > 0 or other.number < owner.number)))
        return counts

    def _base_ms(self, owner: _Owner[T]) -> int:
        """The time that an owner has used, including the work that is under way."""
        return owner.used_ms + len(owner.working) * self._item_ms(owner)

    def _item_ms(self, owner: _Owner[T]) -> int:
        mean_ms = round(self._typical() * 1000) if owner.mean_ms is None else owner.mean_ms
        return max(LEAST_MS, mean_ms)

    def _remaining(self, item: T) -> float:
        """The remaining seconds of an item. If it takes longer than expected, the guess is as long again as so far."""
        expected = self._item_ms(self._owners[self._items[item]]) / 1000
        took = self._clock() - self._began[item]
        return expected - took if took < expected else took

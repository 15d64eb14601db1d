"""Who is next: turns go round the people who wait, and each round takes one item of everybody.

Round-robin fair queueing: J. Nagle, "On Packet Switches with Infinite Storage", RFC 970 (1985), section 4.
"""

from collections import Counter, OrderedDict, deque
from collections.abc import Collection, Hashable
from itertools import takewhile
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)


class QueueFull(Exception):
    """There is no room for so many more."""


class ShareFull(Exception):
    """One owner has as much in the queue as one may have."""


class FairQueue(Generic[T]):
    """Items of several owners. An item is in the queue until it leaves, also after its turn has come.

    Args:
        limit: how many items may be in the queue at once.
        share: how many of them may be one owner's.
    """

    def __init__(self, limit: int, share: int) -> None:
        self._limit = limit
        self._share = share
        # Owners in the order of the round, each with what waits for its turn, first come first.
        self._waiting: OrderedDict[Hashable, deque[T]] = OrderedDict()
        self._called: set[T] = set()
        self._owners: dict[T, Hashable] = {}
        self._held: Counter[Hashable] = Counter()

    def __len__(self) -> int:
        """How many items there are, waiting or called."""
        return len(self._owners)

    @property
    def called(self) -> int:
        """How many items have had their turn and not left."""
        return len(self._called)

    def join(self, owner: Hashable, items: Collection[T], *, limited: bool = True) -> None:
        """Put the items of one owner into the queue: all of them or none. An owner who is new comes last.

        Raises:
            QueueFull, ShareFull: only where `limited`.
        """
        if limited and len(self) + len(items) > self._limit:
            raise QueueFull
        if limited and self._held[owner] + len(items) > self._share:
            raise ShareFull
        if items:
            self._waiting.setdefault(owner, deque()).extend(items)
            self._owners.update(dict.fromkeys(items, owner))
            self._held[owner] += len(items)

    def call(self) -> T | None:
        """The item whose turn it is; None where nothing waits. Its owner's next comes after everybody else's."""
        if not self._waiting:
            return None
        owner, items = self._waiting.popitem(last=False)
        item = items.popleft()
        if items:
            self._waiting[owner] = items
        self._called.add(item)
        return item

    def leave(self, item: T) -> None:
        """Take an item out, whether it waits or was called; one that has left already is no error."""
        owner = self._owners.pop(item, None)
        if owner is None:
            return
        self._held[owner] -= 1
        if not self._held[owner]:
            del self._held[owner]
        if item in self._called:
            self._called.remove(item)
            return
        self._waiting[owner].remove(item)
        if not self._waiting[owner]:
            del self._waiting[owner]

    def ahead(self, item: T) -> int | None:
        """How many items come before one that waits, the called ones included; None where its turn has come.

        Whoever joins later can only come before an owner's second and further items.
        """
        owner = self._owners.get(item)
        if owner is None or item in self._called:
            return None
        rounds = self._waiting[owner].index(item)
        # Those before the owner in this round get one turn more than those behind.
        earlier = sum(1 for _ in takewhile(lambda each: each != owner, self._waiting))
        return (
            len(self._called)
            + sum(
                min(len(items), rounds + (position < earlier))
                for position, items in enumerate(self._waiting.values())
                if position != earlier
            )
            + rounds
        )

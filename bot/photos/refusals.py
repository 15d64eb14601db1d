"""One word for many refusals of the same kind."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bot.results import Reason

# A person who is told once in so long is told often enough.
PAUSE_SECONDS = 30.0
MAX_ENTRIES = 10_000


class Refusals:
    """Who has been told lately that nothing of theirs is taken, and why.

    Args:
        clock: seconds that never run backwards.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._told: dict[tuple[int, Reason | None], float] = {}

    @contextmanager
    def word(self, user_id: int, reason: Reason | None) -> Iterator[bool]:
        """Whether to say this in the block. Where it succeeds, this is no news for the next half a minute."""
        now, key = self._clock(), (user_id, reason)
        if now < self._told.get(key, float("-inf")) + PAUSE_SECONDS:
            yield False
            return
        if len(self._told) > MAX_ENTRIES:
            self._told = {each: at for each, at in self._told.items() if now < at + PAUSE_SECONDS}
        # Before it is said: others may be turned away meanwhile.
        self._told[key] = now
        try:
            yield True
        except BaseException:
            self._told.pop(key, None)
            raise

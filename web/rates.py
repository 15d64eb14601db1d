"""How often somebody may ask: the generic cell rate algorithm, one number a person."""

import time
from collections.abc import Callable, Hashable
from typing import Final

_KNOWN_AT_MOST: Final = 10_000


class RateLimiter:
    """Lets so many through at once, and then one at a time as the minute goes by.

    Args:
        clock: seconds, never going back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._free_at: dict[Hashable, float] = {}  # when all that somebody took is given back

    def take(self, owner: Hashable, a_minute: int) -> float:
        """Take one of `a_minute`; 0 where there was one, or else in how many seconds there is."""
        now = self._clock()
        free_at = max(now, self._free_at.get(owner, now))
        wait = free_at + 60 / a_minute - (now + 60)
        # A rounding error must not cost the last one.
        if wait > 1e-6:
            return wait
        self._forget_the_idle(now)
        self._free_at[owner] = free_at + 60 / a_minute
        return 0.0

    def _forget_the_idle(self, now: float) -> None:
        """Whoever has all of theirs back is like a stranger: crowds of addresses take no memory for ever."""
        if len(self._free_at) >= _KNOWN_AT_MOST:
            self._free_at = {owner: at for owner, at in self._free_at.items() if at > now}

"""A rate limiter with the generic cell rate algorithm, which stores one number for each client."""

import time
from collections.abc import Callable, Hashable
from typing import Final

_KNOWN_AT_MOST: Final = 10_000


class RateLimiter:
    """Lets a burst of a minute's requests through, and then one at a time, spread over the minute.

    Args:
        clock: monotonic time in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._free_at: dict[Hashable, float] = {}  # owner -> when the owner has the full allowance again

    def take(self, owner: Hashable, a_minute: int) -> float:
        """Take one of `a_minute` requests. Returns 0 if allowed, else the seconds until the next one is allowed."""
        now = self._clock()
        free_at = max(now, self._free_at.get(owner, now))
        wait = free_at + 60 / a_minute - (now + 60)
        # A rounding error must not forbid the last request.
        if wait > 1e-6:
            return wait
        self._forget_the_idle(now)
        self._free_at[owner] = free_at + 60 / a_minute
        return 0.0

    def _forget_the_idle(self, now: float) -> None:
        """Forget owners with the full allowance, so that many addresses do not fill the memory."""
        if len(self._free_at) >= _KNOWN_AT_MOST:
            self._free_at = {owner: at for owner, at in self._free_at.items() if at > now}

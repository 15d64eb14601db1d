"""One message for many refusals of the same kind."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bot.results import Reason

# One message in this time is enough for a person.
PAUSE_SECONDS = 30.0
MAX_ENTRIES = 10_000


class Refusals:
    """Remembers who got a message lately that says why their photos are not accepted.

    Args:
        clock: monotonic time in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._notified: dict[tuple[int, Reason | None], float] = {}

    @contextmanager
    def word(self, user_id: int, reason: Reason | None) -> Iterator[bool]:
        """Whether to send this message in the block. After it was sent, it is not sent again for half a minute."""
        now, key = self._clock(), (user_id, reason)
        if now < self._notified.get(key, float("-inf")) + PAUSE_SECONDS:
            yield False
            return
        if len(self._notified) > MAX_ENTRIES:
            self._notified = {each: at for each, at in self._notified.items() if now < at + PAUSE_SECONDS}
        # Noted before it is sent, because other photos may be turned away meanwhile.
        self._notified[key] = now
        try:
            yield True
        except BaseException:
            self._notified.pop(key, None)
            raise

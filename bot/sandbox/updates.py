"""The queue behind getUpdates: offsets, long polling, allowed_updates, and one poller at a time."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from typing import Any

from aiogram.types import Update

from bot.sandbox.errors import ApiError

UPDATES_KEPT = 10_000
MAX_HOLD = 50
# Telegram sends these kinds only if they are asked for by name.
ON_REQUEST = frozenset({"chat_member", "message_reaction", "message_reaction_count"})


class UpdateQueue:
    """Updates wait here until a higher offset confirms them, so a lost answer is sent again."""

    def __init__(self) -> None:
        self._pending: deque[dict[str, Any]] = deque(maxlen=UPDATES_KEPT)
        self._last_id = 0
        self._allowed: frozenset[str] = frozenset()
        self._poller = 0
        self._changed = asyncio.Event()
        self._closed = False

    @property
    def pending(self) -> int:
        """The number of unconfirmed updates."""
        return len(self._pending)

    def push(self, kind: str, payload: Any) -> None:
        """Appends an update, unless the bot does not want this kind."""
        if kind not in self._allowed and (self._allowed or kind in ON_REQUEST):
            return
        update = Update.model_validate({"update_id": self._last_id + 1, kind: payload})
        self.push_raw(update.model_dump(mode="json", by_alias=True, exclude_none=True))

    def push_raw(self, update: Mapping[str, Any]) -> int:
        """Appends any JSON object unchanged, except that `update_id` is set; returns the id."""
        self._last_id += 1
        self._pending.append({**update, "update_id": self._last_id})
        self._wake()
        return self._last_id

    def drop_pending(self) -> None:
        """Drops the waiting updates, as deleteWebhook with drop_pending_updates does."""
        self._pending.clear()

    async def fetch(
        self,
        offset: int | None,
        limit: int | None,
        hold: int | None,
        allowed: list[str] | None,
    ) -> list[dict[str, Any]]:
        """Confirms updates below `offset`, then returns the waiting ones, or waits at most `hold` seconds for one.

        A newer call ends an older one that is still waiting; the older one gets Telegram's 409.
        """
        self._poller += 1
        mine = self._poller
        self._wake()
        if allowed is not None:
            self._allowed = frozenset(allowed)
        self._confirm(offset or 0)
        count = min(max(limit if limit is not None else 100, 1), 100)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + min(max(hold or 0, 0), MAX_HOLD)
        while not self._pending and not self._closed:
            changed = self._changed
            remaining = deadline - loop.time()
            if remaining <= 0:
                break
            try:
                async with asyncio.timeout(remaining):
                    await changed.wait()
            except TimeoutError:
                break
            if mine != self._poller:
                raise ApiError(
                    409,
                    "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
                )
        return list(self._pending)[:count]

    def close(self) -> None:
        """Ends a waiting call with an empty answer."""
        self._closed = True
        self._wake()

    def _confirm(self, offset: int) -> None:
        if offset < 0:
            while len(self._pending) > -offset:
                self._pending.popleft()
        while self._pending and self._pending[0]["update_id"] < offset:
            self._pending.popleft()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

"""The queue behind getUpdates and the webhook: offsets, long polling, allowed_updates, and one poller at a time."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aiogram.types import Update

from bot.sandbox.errors import ApiError

UPDATES_KEPT = 10_000
MAX_HOLD = 50
# Telegram sends these kinds only if they are asked for by name.
ON_REQUEST = frozenset({"chat_member", "message_reaction", "message_reaction_count"})


@dataclass(frozen=True)
class Webhook:
    """Where updates are delivered, with which secret, and how many at once."""

    url: str
    secret: str
    connections: int


class UpdateQueue:
    """Updates wait here until a higher offset or the webhook confirms them.

    So after a lost answer they are sent again.
    """

    def __init__(self) -> None:
        self._pending: deque[dict[str, Any]] = deque(maxlen=UPDATES_KEPT)
        self._last_id = 0
        self._allowed: frozenset[str] = frozenset()
        self._poller = 0
        self._changed = asyncio.Event()
        self._closed = False
        self.webhook: Webhook | None = None
        self.complaint: tuple[datetime, str] | None = None

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
        self.wake()
        return self._last_id

    @property
    def changed(self) -> asyncio.Event:
        """Set with the next change."""
        return self._changed

    def waiting(self) -> list[dict[str, Any]]:
        """The unconfirmed updates, the oldest first."""
        return list(self._pending)

    def set_webhook(self, webhook: Webhook | None, allowed: list[str] | None) -> None:
        """Starts to deliver to a webhook; None stops it."""
        self.webhook = webhook
        self.complaint = None
        if allowed is not None:
            self._allowed = frozenset(allowed)
        self.wake()

    def complain(self, words: str) -> None:
        """Notes why the webhook could not be called."""
        self.complaint = datetime.now(UTC), words

    def confirm(self, update_id: int) -> None:
        """Forgets an update that the webhook has accepted."""
        self._pending = deque((each for each in self._pending if each["update_id"] != update_id), maxlen=UPDATES_KEPT)

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
        if self.webhook is not None:
            raise ApiError(
                409,
                "Conflict: can't use getUpdates method while webhook is active; "
                "use deleteWebhook to delete the webhook first",
            )
        self._poller += 1
        mine = self._poller
        self.wake()
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
        self.wake()

    def _confirm(self, offset: int) -> None:
        if offset < 0:
            while len(self._pending) > -offset:
                self._pending.popleft()
        while self._pending and self._pending[0]["update_id"] < offset:
            self._pending.popleft()

    def wake(self) -> None:
        """Wakes all waiting calls."""
        self._changed.set()
        self._changed = asyncio.Event()

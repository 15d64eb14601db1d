"""Delivers updates to the bot's webhook: several at once, and each again until it is answered with 200."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout

from bot.sandbox.updates import UpdateQueue

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"
ANSWER_SECONDS = 60
PAUSE_SECONDS = 0.5


class WebhookDelivery:
    """Calls the webhook while one is set.

    Args:
        updates: the queue. Accepted updates are confirmed there.
    """

    def __init__(self, updates: UpdateQueue) -> None:
        self._updates = updates
        self._running: asyncio.Task[None] | None = None
        self._calls: dict[int, asyncio.Task[None]] = {}

    def start(self) -> None:
        """Begin; returns at once."""
        self._running = asyncio.create_task(self._deliver(), name="webhook")

    async def stop(self) -> None:
        """Stop calling."""
        tasks = [*self._calls.values(), *([self._running] if self._running else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _deliver(self) -> None:
        async with ClientSession(timeout=ClientTimeout(total=ANSWER_SECONDS)) as http:
            while True:
                changed = self._updates.changed
                hook = self._updates.webhook
                if hook is not None:
                    for update in self._updates.waiting():
                        number = update["update_id"]
                        if number not in self._calls and len(self._calls) < hook.connections:
                            self._calls[number] = asyncio.create_task(self._call(http, update))
                await changed.wait()

    async def _call(self, http: ClientSession, update: dict[str, Any]) -> None:
        number = update["update_id"]
        try:
            while (hook := self._updates.webhook) is not None:
                try:
                    async with http.post(hook.url, json=update, headers={SECRET_HEADER: hook.secret}) as answer:
                        if answer.ok:
                            self._updates.confirm(number)
                            return
                        self._updates.complain(f"Wrong response from the webhook: {answer.status} {answer.reason}")
                except (ClientError, TimeoutError) as error:
                    self._updates.complain(f"Connection failed: {type(error).__name__}")
                await asyncio.sleep(PAUSE_SECONDS)
        finally:
            del self._calls[number]
            self._updates.wake()

"""The sandbox for tests with a bot process."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

from aiogram.types import User

from benchmarks.load.processes import ADMIN_ID, TOKEN
from bot.sandbox import Sandbox

TIMEOUT_S = 60


@contextmanager
def sandbox_thread(local_folder: Path | None = None) -> Iterator[str]:
    """Run a sandbox on a free port, in a thread, because a process imports aiogram for seconds; yields its address."""
    admin = User(id=ADMIN_ID, is_bot=False, first_name="Admin", language_code="en")
    sandbox = Sandbox(token=TOKEN, people=[admin], local_folder=local_folder)
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(sandbox.start(), loop).result(TIMEOUT_S)
        yield sandbox.base_url
    finally:
        asyncio.run_coroutine_threadsafe(sandbox.stop(), loop).result(TIMEOUT_S)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()

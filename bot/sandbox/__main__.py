"""python -m bot.sandbox: only the server, for a bot with the TELEGRAM_API_URL and BOT_TOKEN that it prints."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from aiogram.types import User

from bot.sandbox.server import Sandbox

DEFAULT_PORT = 8081
PERSON_ID = 1001


async def serve() -> int:
    """Runs until interrupted.

    Reads BOT_TOKEN, SANDBOX_PORT and the first of ADMIN_IDS from the environment. SANDBOX_LOCAL_DIR turns on local
    mode: then the bot reads files below this folder instead of downloading them.
    """
    admin = os.environ.get("ADMIN_IDS", "").partition(",")[0].strip()
    folder = os.environ.get("SANDBOX_LOCAL_DIR")
    try:
        port = int(os.environ.get("SANDBOX_PORT", DEFAULT_PORT))
        people = {PERSON_ID: "Emma", int(admin or 1): "Admin"}
        sandbox = Sandbox(
            token=os.environ.get("BOT_TOKEN"),
            people=[
                User(id=number, is_bot=False, first_name=name, language_code="en") for number, name in people.items()
            ],
            local_folder=Path(folder) if folder else None,
        )
        await sandbox.start(port=port)
    except ValueError as error:
        print(f"SANDBOX_PORT, ADMIN_IDS and the start of BOT_TOKEN must be numbers: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"The sandbox cannot listen on port {port}: {error}. Set SANDBOX_PORT.", file=sys.stderr)
        return 1
    print(f"Chat page: {sandbox.base_url}/\nTELEGRAM_API_URL={sandbox.base_url}\nBOT_TOKEN={sandbox.token}", flush=True)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stopped.set)
    await stopped.wait()
    await sandbox.stop()
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(serve()))

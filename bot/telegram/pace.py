"""The pace of broadcasts: turns in the lane, one message a second to one chat, silence where Telegram asks for it."""

import asyncio

from bot.telegram.rate_limit import Kind, Lane

CHAT_INTERVAL_S = 1.0


class Pace:
    """Hands out turns to send, first come, first served. What it waits for holds nobody up but broadcasts."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        self._queue = asyncio.Lock()
        self._resumes = 0.0
        self._chats: dict[int, float] = {}

    async def turn(self, chat_id: int) -> None:
        """Wait until a message to this chat may go out."""
        clock = asyncio.get_running_loop().time
        async with self._queue:
            await asyncio.sleep(self._chats.get(chat_id, 0.0) - clock())
            while True:
                await asyncio.sleep(self._resumes - clock())
                await self._lane.turn(Kind.BROADCAST)
                now = clock()
                # Where a pause was asked for meanwhile, the turn goes unused.
                if self._resumes <= now:
                    break
            self._chats = {chat: until for chat, until in self._chats.items() if until > now}
            self._chats[chat_id] = now + CHAT_INTERVAL_S

    def pause(self, seconds: float) -> None:
        """Give out no turn for so long."""
        self._resumes = max(self._resumes, asyncio.get_running_loop().time() + seconds)

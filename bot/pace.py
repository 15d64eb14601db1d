"""How fast Telegram lets a bot write in bulk: 30 messages a second in all, one a second to one chat."""

import asyncio

MESSAGES_PER_SECOND = 25
CHAT_INTERVAL_S = 1.0


class Pace:
    """Hands out turns to send, first come, first served. Time not used is not made up for by a burst."""

    def __init__(self) -> None:
        self._queue = asyncio.Lock()
        self._next = 0.0
        self._chats: dict[int, float] = {}

    async def turn(self, chat_id: int) -> None:
        """Wait until a message to this chat may go out."""
        clock = asyncio.get_running_loop().time
        async with self._queue:
            now = clock()
            # A pause may be asked for while this one waits, hence the loop.
            while (until := max(self._next, self._chats.get(chat_id, 0.0))) > now:
                await asyncio.sleep(until - now)
                now = clock()
            self._next = now + 1 / MESSAGES_PER_SECOND
            self._chats = {chat: until for chat, until in self._chats.items() if until > now}
            self._chats[chat_id] = now + CHAT_INTERVAL_S

    def pause(self, seconds: float) -> None:
        """Give out no turn for so long."""
        self._next = max(self._next, asyncio.get_running_loop().time() + seconds)

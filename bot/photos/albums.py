"""Albums: Telegram sends their photos one by one and never says how many will come."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from bot.results import Reason
from storage.errors import StorageUnavailable
from storage.records import Request

QUIET_SECONDS = 0.7
# The longest wait for a recorded photo of an album whose handler is late, because the machine is busy.
LATE_SECONDS = 10.0
MAX_PHOTOS = 10


@dataclass(frozen=True)
class Incoming:
    """A recorded request. `problem` is set if the photo clearly cannot be read, even before a download."""

    request: Request
    problem: Reason | None = None


@dataclass
class OpenAlbum:
    """An album whose photos are still coming, by the number of the request: one may come twice after a kill."""

    photos: dict[int, Incoming]
    full: asyncio.Event = field(default_factory=asyncio.Event)


class Albums:
    """Collects the photos of each album.

    Args:
        waiting: returns how many photos of an album (chat, album id) are recorded but not claimed.
        quiet_seconds: after so long without another photo, an album may be complete.
    """

    def __init__(self, waiting: Callable[[int, str], Awaitable[int]], quiet_seconds: float = QUIET_SECONDS) -> None:
        self._waiting = waiting
        self._quiet_seconds = quiet_seconds
        self._open: dict[tuple[int, str], OpenAlbum] = {}

    async def gather(self, incoming: Incoming) -> list[Incoming]:
        """Collect an album. The call with its first photo returns the whole album in order, the others return nothing.

        An album is complete when it has ten photos, or when no photo came for a short while and no recorded one is
        missing here. A photo without an album is returned at once.
        """
        group = incoming.request.media_group_id
        if group is None:
            return [incoming]
        key = (incoming.request.chat_id, group)
        if key in self._open:
            album = self._open[key]
            album.photos[incoming.request.id] = incoming
            if len(album.photos) == MAX_PHOTOS:
                album.full.set()
            return []
        album = self._open[key] = OpenAlbum({incoming.request.id: incoming})
        try:
            clock = asyncio.get_running_loop().time
            late_at = clock() + LATE_SECONDS
            known = 0
            while not album.full.is_set() and (known < len(album.photos) or await self._lacks(key, album)):
                if known == len(album.photos) and clock() > late_at:
                    break
                known = len(album.photos)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(album.full.wait(), self._quiet_seconds)
        finally:
            del self._open[key]
        return sorted(album.photos.values(), key=lambda each: each.request.message_id)

    async def _lacks(self, key: tuple[int, str], album: OpenAlbum) -> bool:
        try:
            return await self._waiting(*key) > len(album.photos)
        except StorageUnavailable:
            return False

"""Albums: Telegram sends their photos one by one and never says how many will come."""

import asyncio
import contextlib
from dataclasses import dataclass, field

from bot.results import Reason
from storage.records import Request

QUIET_SECONDS = 0.7
MAX_PHOTOS = 10


@dataclass(frozen=True)
class Incoming:
    """A recorded request. `problem` is set if the photo clearly cannot be read, even before a download."""

    request: Request
    problem: Reason | None = None


@dataclass
class OpenAlbum:
    """An album whose photos are still coming."""

    photos: list[Incoming]
    full: asyncio.Event = field(default_factory=asyncio.Event)


class Albums:
    """Collects the photos of each album."""

    def __init__(self, quiet_seconds: float = QUIET_SECONDS) -> None:
        self._quiet_seconds = quiet_seconds
        self._open: dict[tuple[int, str], OpenAlbum] = {}

    async def gather(self, incoming: Incoming) -> list[Incoming]:
        """Collect an album. The call with its first photo returns the whole album in order, the others return nothing.

        An album is complete when it has ten photos, or when no photo has come for a short while. A photo without an
        album is returned at once.
        """
        group = incoming.request.media_group_id
        if group is None:
            return [incoming]
        key = (incoming.request.chat_id, group)
        if key in self._open:
            album = self._open[key]
            album.photos.append(incoming)
            if len(album.photos) == MAX_PHOTOS:
                album.full.set()
            return []
        album = self._open[key] = OpenAlbum([incoming])
        try:
            known = 0
            while known < len(album.photos) and not album.full.is_set():
                known = len(album.photos)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(album.full.wait(), self._quiet_seconds)
        finally:
            del self._open[key]
        return sorted(album.photos, key=lambda each: each.request.message_id)

"""Second readings: what the first answer did not hold, such as an explanation or the marks of a lesion."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

from aiogram.enums import ChatAction

from bot.photos.progress import Progress
from bot.photos.reading import Reader, Work
from bot.telegram.client import RetryingBot
from bot.telegram.rate_limit import MessageKind, RateLimiter
from bot.ui.names import current_language
from inference.drawing.words import Plate
from inference.engine.engine import Engine, Examination, Explanation, Place
from storage.database import Database
from storage.records import Request

T_co = TypeVar("T_co", covariant=True)


class SecondReader:
    """Reads a photo once more, in turn among its owner's photos. What it gives may be sent at once.

    All of it raises NotRead where the photo cannot be read, and NotWanted where it was erased meanwhile.
    """

    def __init__(self, bot: RetryingBot, database: Database, engine: Engine, rate_limiter: RateLimiter) -> None:
        self._bot = bot
        self._database = database
        self._reader = Reader(bot, database, engine)
        self._rate_limiter = rate_limiter

    def forget(self, user_id: int) -> None:
        """Stop all that is being done for this person."""
        self._reader.forget(user_id)

    async def explain(self, request: Request) -> Explanation:
        """What made the model answer so."""
        return await self._read(request, lambda place: place.explain)

    async def examine(self, request: Request, reader_id: int | None = None) -> Examination:
        """What a report shows of a photo, in the turn of whoever reads it where that is not its owner."""
        if reader_id is None:
            return await self._read(request, lambda place: place.examine)
        return await self._reader.while_wanted(request.user_id, self._for_reader(request, reader_id))

    async def follow(self, request: Request) -> Examination:
        """`examine` with the marks of the lesion."""
        return await self._read(request, lambda place: place.follow)

    async def _read(self, request: Request, work: Callable[[Place], Work[T_co]]) -> T_co:
        return await self._reader.while_wanted(request.user_id, self._in_turn(request, work))

    async def _for_reader(self, request: Request, reader_id: int) -> Examination:
        # Progress is told in the chat of the owner, who did not ask.
        with self._reader.queue(reader_id, 1) as [place]:
            found = await self._reader.in_turn(request, place.examine, Plate(current_language()))
            await self._rate_limiter.acquire(MessageKind.ANSWER)
            return found

    async def _in_turn(self, request: Request, work: Callable[[Place], Work[T_co]]) -> T_co:
        with self._reader.queue(request.user_id, 1) as places:
            about = self._bot, self._database, self._rate_limiter, [request], places
            async with Progress(*about, action=ChatAction.UPLOAD_PHOTO, quiet=True, asked=datetime.now(UTC)):
                found = await self._reader.in_turn(request, work(places[0]), Plate(current_language()))
                await self._rate_limiter.acquire(MessageKind.ANSWER)
                return found

"""Analyses a photo again for more than the first answer, such as an explanation or a lesion's marks."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

from aiogram.enums import ChatAction

from bot.photos.progress import Progress
from bot.photos.reading import Reader, Work
from bot.telegram.client import RetryingBot
from bot.telegram.rate_limit import MessageKind, RateLimiter
from bot.ui.names import current_language
from inference.analysis import Risk
from inference.drawing.words import CaptionOptions
from inference.engine.engine import AnnotatedAnalysis, Engine, Examination, Explanation, QueuePlace
from storage.database import Database
from storage.records import Request

T_co = TypeVar("T_co", covariant=True)


class SecondReader:
    """Analyses a photo again, in turn among its owner's photos. Its results may be sent at once.

    All methods raise NotRead if the photo cannot be analysed, and NotWanted if it was erased meanwhile.
    """

    def __init__(self, bot: RetryingBot, database: Database, engine: Engine, rate_limiter: RateLimiter) -> None:
        self._bot = bot
        self._database = database
        self._reader = Reader(bot, database, engine)
        self._rate_limiter = rate_limiter

    def forget(self, user_id: int) -> None:
        """Stop all work for this person."""
        self._reader.forget(user_id)

    async def explain(self, request: Request) -> Explanation:
        """The explanation of an answer."""
        return await self._read(request, lambda place: place.explain)

    async def read(self, request: Request, least: Risk = Risk.LOW) -> AnnotatedAnalysis:
        """A new answer by the serving model. Its picture says at least this risk."""
        return await self._read(request, lambda place: place.read, least)

    async def examine(self, request: Request, reader_id: int | None = None) -> Examination:
        """The examination of a photo, for a report. `reader_id` is who asks for it, if that is not its owner."""
        if reader_id is None:
            return await self._read(request, lambda place: place.examine)
        return await self._reader.while_wanted(request.user_id, self._for_reader(request, reader_id))

    async def follow(self, request: Request) -> Examination:
        """Like `examine`, with the marks of the lesion."""
        return await self._read(request, lambda place: place.follow)

    async def _read(self, request: Request, work: Callable[[QueuePlace], Work[T_co]], least: Risk = Risk.LOW) -> T_co:
        options = CaptionOptions(current_language(), least=least)
        return await self._reader.while_wanted(request.user_id, self._in_turn(request, work, options))

    async def _for_reader(self, request: Request, reader_id: int) -> Examination:
        # Without progress messages, because they would go to the owner, who did not ask.
        with self._reader.queue(reader_id, 1) as [place]:
            found = await self._reader.in_turn(request, place.examine, CaptionOptions(current_language()))
            await self._rate_limiter.acquire(MessageKind.ANSWER, chat_id=reader_id)
            return found

    async def _in_turn(
        self, request: Request, work: Callable[[QueuePlace], Work[T_co]], options: CaptionOptions
    ) -> T_co:
        with self._reader.queue(request.user_id, 1) as places:
            about = self._bot, self._database, self._rate_limiter, [request], places
            async with Progress(*about, action=ChatAction.UPLOAD_PHOTO, quiet=True, asked=datetime.now(UTC)):
                found = await self._reader.in_turn(request, work(places[0]), options)
                await self._rate_limiter.acquire(MessageKind.ANSWER, chat_id=request.chat_id)
                return found

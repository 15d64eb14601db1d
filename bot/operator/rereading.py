"""Reads old answers again with the serving model, and notifies people whose "low" would now be a warning."""

import asyncio
import logging
from dataclasses import dataclass
from functools import partial
from time import monotonic

from aiogram.exceptions import TelegramAPIError, TelegramForbiddenError
from aiogram.utils.i18n import I18n

from bot.operator.trials import opinion
from bot.photos.reading import NotRead, NotWanted, Reader
from bot.supervisor import Supervisor
from bot.telegram.client import RetryingBot
from bot.telegram.rate_limit import MessageKind, RateLimiter
from bot.ui import rereading as ui
from bot.ui.i18n import supported_language
from inference.analysis import Risk
from inference.drawing.words import DEFAULT_CAPTION
from inference.engine.engine import Engine
from storage.database import Database
from storage.errors import StorageUnavailable
from storage.opinions import Opinion
from storage.records import Request
from storage.retry import until_stored

BATCH = 100
# Nobody waits for this, so it runs only while no photo is analysed for anybody.
IDLE_CHECK_S = 0.5
# Nobody has this id. Old answers take turns like the photos of one person.
OWNER = 0

logger = logging.getLogger(__name__)


@dataclass
class Round:
    """The progress. `warned`: how many answers of low risk would now be a warning."""

    model: str
    read: int = 0
    warned: int = 0
    failed: int = 0
    done: bool = False


class Rereading:
    """Reads old answers of low risk again, once with each model, and notifies people who would now be warned, once."""

    def __init__(
        self,
        bot: RetryingBot,
        database: Database,
        engine: Engine,
        i18n: I18n,
        supervisor: Supervisor,
        rate_limiter: RateLimiter,
    ) -> None:
        self._bot = bot
        self._database = database
        self._engine = engine
        self._reader = Reader(bot, database, engine)
        self._i18n = i18n
        self._supervisor = supervisor
        self._rate_limiter = rate_limiter
        self.round: Round | None = None

    def forget(self, user_id: int) -> None:
        """Read nothing of this person any more, whose data is erased."""
        self._reader.forget(user_id)

    @property
    def serving(self) -> str:
        """Name and version of the serving classifier, as in answers."""
        return next(f"{each.name} {each.version}" for each in self._engine.models if each.role == "classifier")

    def start(self) -> bool:
        """Begin to read what this model has not read; False if a round is running."""
        if self.round is not None and not self.round.done:
            return False
        self.round = Round(self.serving)
        self._supervisor.start(self._read_all(self.round), "reading old answers again")
        return True

    async def to_tell(self, model: str) -> list[Opinion]:
        """Answers of low risk that would be warnings of this model, without those whose owner was notified."""
        return [each for each in await self._database.opinions.of(model, pending=True) if _would_be_warned(each)]

    async def tell(self, model: str) -> int:
        """Notify the owners, each at most once; returns how many were reached."""
        reached = 0
        for each in await self.to_tell(model):
            if await until_stored(partial(self._database.opinions.mark_notified, each.request.id, model)):
                reached += await self._tell(each)
        return reached

    async def _tell(self, found: Opinion) -> bool:
        user = await self._database.users.get(found.request.user_id)
        if user is None or user.blocked_at is not None:
            return False
        await self._rate_limiter.acquire(MessageKind.BROADCAST)
        with self._i18n.context(), self._i18n.use_locale(supported_language(user.language)):
            text, markup = ui.news(found.request, Risk(found.said["risk"]))
            try:
                await self._bot.send_message(user.id, text, reply_markup=markup)
            except TelegramForbiddenError:
                await until_stored(partial(self._database.users.mark_blocked, user.id))
                return False
            except TelegramAPIError as error:
                logger.warning("a person could not be notified of a new answer: %s", type(error).__name__)
                return False
        return True

    async def _read_all(self, round_: Round) -> None:
        last = 0
        try:
            while found := await until_stored(partial(self._database.opinions.without, round_.model, last, BATCH)):
                last = found[-1].id
                for request in filter(partial(_is_older, round_.model), found):
                    await self._read(request, round_)
        finally:
            round_.done = True

    async def _read(self, request: Request, round_: Round) -> None:
        while self._engine.waiting:  # noqa: ASYNC110
            await asyncio.sleep(IDLE_CHECK_S)
        try:
            with self._reader.queue(OWNER, 1) as [place]:
                began = monotonic()
                work = self._reader.in_turn(request, place.read, DEFAULT_CAPTION)
                reading = await self._reader.while_wanted(request.user_id, work)
            if reading.analysis.models.get("classifier") != round_.model:
                return  # Another classifier serves now.
            said = opinion(reading.analysis, monotonic() - began)
            await self._database.opinions.note(request.id, round_.model, said)
        except (NotRead, NotWanted, StorageUnavailable) as error:
            logger.info("request %d is not read again: %s", request.id, type(error).__name__)
            round_.failed += 1
            return
        round_.read += 1
        round_.warned += reading.analysis.risk not in (None, Risk.LOW)


def _is_older(model: str, request: Request) -> bool:
    """Whether another model gave the answer "low"."""
    result = request.result or {}
    return result.get("risk") == Risk.LOW and result.get("models", {}).get("classifier") != model


def _would_be_warned(found: Opinion) -> bool:
    return (found.request.result or {}).get("risk") == Risk.LOW and found.said.get("risk") in (Risk.RAISED, Risk.HIGH)

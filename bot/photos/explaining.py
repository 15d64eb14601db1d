"""Explanations: each request for one stays noted until it is given, even through stops and outages."""

import asyncio
import logging
import time
from functools import partial

from aiogram.utils.i18n import I18n

from bot.photos.delivery import send_explanation, send_text
from bot.photos.reading import NotRead, NotWanted
from bot.photos.second_reading import SecondReader
from bot.results import Result
from bot.supervisor import Supervisor
from bot.telegram import outages
from bot.telegram.client import RetryingBot
from bot.telegram.gone import is_gone
from bot.telegram.rate_limit import MessageKind, RateLimiter
from bot.ui.i18n import supported_language
from storage.database import Database
from storage.errors import StorageUnavailable
from storage.records import Request
from storage.retry import until_stored

# A second press within this time is only impatient.
WAIT_SECONDS = 60.0

logger = logging.getLogger(__name__)


class Explainer:
    """Gives explanations of answers.

    An explanation is noted as given after it was sent. After a kill between the two, it comes again.
    """

    def __init__(
        self,
        bot: RetryingBot,
        database: Database,
        reader: SecondReader,
        i18n: I18n,
        supervisor: Supervisor,
        rate_limiter: RateLimiter,
    ) -> None:
        self._bot = bot
        self._database = database
        self._reader = reader
        self._i18n = i18n
        self._supervisor = supervisor
        self._rate_limiter = rate_limiter
        # Requests whose explanation is being made, and when the latest explanations were given.
        self._owed: set[int] = set()
        self._given: dict[int, float] = {}

    async def promise(self, request_id: int) -> bool:
        """Note that an explanation was asked for. False if it was noted already, or was given just now."""
        long_ago = time.monotonic() - WAIT_SECONDS
        self._given = {number: at for number, at in self._given.items() if at > long_ago}
        if request_id in self._owed or request_id in self._given:
            return False
        self._owed.add(request_id)
        try:
            return await self._database.requests.owe_explanation(request_id)
        except BaseException:
            self._owed.discard(request_id)
            raise

    def forget(self, user_id: int) -> None:
        """Stop all explanations for this person, whose data is erased."""
        self._reader.forget(user_id)

    async def explain(self, request: Request) -> None:
        """Give an explanation that was asked for, or say why there is none.

        If Telegram or the database is out of reach, it is tried again later. If a stop interrupts it, the next start
        gives it. Raises unexpected errors.
        """
        self._owed.add(request.id)
        try:
            await self._explain(request)
        except (*outages.UNREACHABLE, StorageUnavailable) as error:
            logger.error("the explanation of request %d is still owed: %s", request.id, type(error).__name__)
            self._supervisor.start(self._explain_later(request), "late explanation")
        except Exception as error:
            if is_gone(error):
                await until_stored(partial(self._database.users.mark_blocked, request.user_id))
            await self._settle(request)
            if not is_gone(error):
                raise
        else:
            self._given[request.id] = time.monotonic()
            await self._settle(request)

    async def _explain_later(self, request: Request) -> None:
        await asyncio.sleep(outages.AGAIN_SECONDS)
        await self.explain(request)

    async def _settle(self, request: Request) -> None:
        await until_stored(partial(self._database.requests.settle_explanation, request.id))
        self._owed.discard(request.id)

    async def _explain(self, request: Request) -> None:
        user = await self._database.users.get(request.user_id)
        if user is None:
            return
        with self._i18n.context(), self._i18n.use_locale(supported_language(user.language)):
            try:
                explanation = await self._reader.explain(request)
            except NotWanted:
                logger.info("request %d was erased before it was explained", request.id)
            except NotRead as error:
                await self._rate_limiter.acquire(MessageKind.ANSWER, chat_id=request.chat_id)
                await send_text(self._bot, request, error.result)
            else:
                answered = Result.stored(request.result or {})
                await self._supervisor.run_to_completion(send_explanation(self._bot, request, answered, explanation))

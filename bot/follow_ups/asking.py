"""The question four weeks after a warning: asked once, by day, about the most worrying of a person's photos."""

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta, timezone
from itertools import groupby

from aiogram.exceptions import TelegramAPIError, TelegramBadRequest, TelegramForbiddenError
from aiogram.types import InlineKeyboardMarkup
from aiogram.utils.i18n import I18n
from aiogram.utils.i18n import gettext as _

from bot.results import Result
from bot.telegram.client import RetryingBot
from bot.telegram.rate_limit import MessageKind, RateLimiter
from bot.ui.buttons import keyboard
from bot.ui.callbacks import NotSeen, Show, WasRight
from bot.ui.clock import offset
from bot.ui.i18n import supported_language
from bot.ui.names import current_language
from inference.analysis import Risk
from inference.drawing import words
from storage.database import Database
from storage.records import FollowUp, Request, User

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 60.0
WARNINGS = (Risk.RAISED, Risk.HIGH)
# A question that is so late is dropped.
TOO_LATE = timedelta(weeks=8)
# One question covers all warnings of these days.
TOGETHER = timedelta(weeks=1)
DAY_BEGINS, DAY_ENDS = time(10), time(20)  # of the person's own clock


def next_day(now: datetime, user: User) -> datetime | None:
    """When the person's day begins; None if it is day there now."""
    here = now.astimezone(timezone(offset(user)))
    if DAY_BEGINS <= here.time() < DAY_ENDS:
        return None
    date = here.date() if here.time() < DAY_BEGINS else here.date() + timedelta(days=1)
    return datetime.combine(date, DAY_BEGINS, here.tzinfo)


class Asking:
    """Asks the questions that are due, each once, even if several bots share the database."""

    def __init__(self, bot: RetryingBot, database: Database, i18n: I18n, rate_limiter: RateLimiter) -> None:
        self._bot = bot
        self._database = database
        self._i18n = i18n
        self._rate_limiter = rate_limiter

    async def keep_asking(self) -> None:
        """Ask due questions every minute, including those that became due while no bot was running."""
        while True:
            try:
                while await self.ask_due(datetime.now(UTC)):
                    pass
            except Exception:
                # A failed round must not stop later rounds.
                logger.exception("could not ask whether spots were seen")
            await asyncio.sleep(PAUSE_SECONDS)

    async def ask_due(self, now: datetime) -> int:
        """Ask some of the due questions; returns how many were claimed."""
        due = await self._database.follow_ups.claim_due(now)
        wanted = []
        for each in due:
            # The person's answers may have raised the risk to a warning later.
            warned = Result.stored(each.request.result or {}).risk in WARNINGS
            if warned and now - each.due_at < TOO_LATE:
                wanted.append(each)
            else:
                await self._database.follow_ups.drop(each.request.id)
        wanted.sort(key=lambda each: each.request.user_id)
        for user_id, theirs in groupby(wanted, key=lambda each: each.request.user_id):
            user = await self._database.users.get(user_id)
            if user is not None:
                await self._ask(user, list(theirs), now)
        return len(due)

    async def _ask(self, user: User, due: Sequence[FollowUp], now: datetime) -> None:
        later = next_day(now, user)
        if later is not None:
            for each in due:
                await self._database.follow_ups.postpone(each.request.id, later)
            return
        request = max((each.request for each in due), key=_urgency)
        await self._rate_limiter.acquire(MessageKind.ANSWER, chat_id=user.id)
        with self._i18n.context(), self._i18n.use_locale(supported_language(user.language)):
            try:
                await self._send(user, request)
            except TelegramForbiddenError:
                await self._database.users.mark_blocked(user.id)
            except TelegramAPIError as error:
                # It is sent when its lease ends.
                logger.warning("a question waits: %s", type(error).__name__)
                return
        await self._database.follow_ups.settle(user.id, now + TOGETHER)

    async def _send(self, user: User, request: Request) -> None:
        text, markup = _text(request), _buttons(request)
        if request.reply_file_id is not None:
            # The photo may be gone from Telegram.
            with contextlib.suppress(TelegramBadRequest):
                await self._bot.send_photo(user.id, request.reply_file_id, caption=text, reply_markup=markup)
                return
        await self._bot.send_message(user.id, text, reply_markup=markup)


def _urgency(request: Request) -> tuple[int, int]:
    risk = Result.stored(request.result or {}).risk or Risk.LOW
    return list(Risk).index(risk), request.id


def _text(request: Request) -> str:
    risk = Result.stored(request.result or {}).risk or Risk.RAISED
    return _(
        "Some weeks ago I wrote about this spot: “{action}”. Has a doctor seen it? I ask this once. "
        "What I wrote was no diagnosis."
    ).format(action=words.action(risk, current_language()))


def _buttons(request: Request) -> InlineKeyboardMarkup:
    return keyboard(
        [(_("Yes, I can tell what was said"), WasRight(request_id=request.id).pack())],
        [(_("Not yet"), NotSeen(request_id=request.id).pack())],
        [(_("Do not ask me such things"), Show.NO_FOLLOW_UPS)],
    )

"""From recorded requests to sent answers: the one road for photos, files, albums and recovery."""

import asyncio
import logging
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from aiogram import Bot
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramForbiddenError,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
)
from aiogram.utils.i18n import I18n

from bot import replies
from bot.albums import Incoming
from bot.client import FileExpired, FileTooLarge, fetch_file
from bot.delivery import send_album, send_answer, send_consent_request, send_words
from bot.findings import FAILURES, Finding, Reason, Trouble, to_stored
from bot.i18n import supported_language
from bot.progress import Progress
from bot.supervisor import Supervisor
from bot.turns import TooManyWaiting, Turns
from inference.analysis import Analysis
from inference.engine import AnalysisFailed, Busy, Engine, Explanation
from inference.photo import PhotoError
from storage.database import Database
from storage.records import Outcome, Request, User

logger = logging.getLogger(__name__)

UNREACHABLE = (TelegramNetworkError, TelegramServerError, TelegramRetryAfter, ClientDecodeError)
AGAIN_SECONDS = 60.0

T_co = TypeVar("T_co", covariant=True)


class Work(Protocol[T_co]):
    """What the engine does with a file."""

    def __call__(self, data: bytes, *, language: str) -> Awaitable[T_co]: ...


class NotRead(Exception):
    """A photo could not be read; `reason` says why."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Read:
    """One request with what came of it; `annotated` is a JPEG where there is a class."""

    request: Request
    finding: Finding
    analysis: Analysis | None = None
    annotated: bytes | None = None


class Reception:
    """Takes requests that belong together, reads them, replies, and closes them after the reply."""

    def __init__(
        self,
        bot: Bot,
        database: Database,
        engine: Engine,
        i18n: I18n,
        supervisor: Supervisor,
        operator: str | None = None,
    ) -> None:
        self._bot = bot
        self._database = database
        self._engine = engine
        self._i18n = i18n
        self._supervisor = supervisor
        self._operator = operator
        self._turns = Turns()

    async def receive(self, incoming: Sequence[Incoming]) -> None:
        """Answer one photo or one album of one person. Requests that somebody else has taken are left out.

        Raises nothing: what cannot be answered is apologised for, and what cannot even be delivered is
        tried again later, by the next start at the latest.
        """
        claimed = [each for each in incoming if await self._database.requests.claim(each.request.id)]
        if not claimed:
            return
        requests = [each.request for each in claimed]
        user = await self._database.users.get(requests[0].user_id)
        if user is None:
            return
        with self._i18n.context(), self._i18n.use_locale(supported_language(user.language)):
            try:
                await self._serve(user, claimed)
            except TelegramForbiddenError:
                await self._database.users.mark_blocked(user.id)
                await self._close([_failed(request) for request in requests], {})
            except UNREACHABLE as error:
                logger.error("no way to answer %d request(s) now: %s", len(requests), type(error).__name__)
                self._supervisor.start(self._receive_later(claimed), "late answer")
            except Exception:
                logger.exception("could not answer request(s) %s", [request.id for request in requests])
                await self._apologise(requests)

    async def explain(self, request: Request) -> Explanation:
        """What made the model answer a request so; it takes its turn among the photos of its owner.

        Raises:
            NotRead: the photo cannot be had or read again, or too many are waiting.
        """
        try:
            with self._turns.queue(request.user_id, 1):
                return await self._in_turn(request, self._engine.explain)
        except TooManyWaiting:
            raise NotRead(Trouble.TOO_MANY) from None

    async def _receive_later(self, claimed: Sequence[Incoming]) -> None:
        await asyncio.sleep(AGAIN_SECONDS)
        for each in claimed:
            await self._database.requests.release(each.request.id)
        await self.receive(claimed)

    async def _serve(self, user: User, claimed: Sequence[Incoming]) -> None:
        requests = [each.request for each in claimed]
        if user.consented_at is None:
            await send_consent_request(self._bot, requests[0], self._operator)
            await self._close([_refused(request, Trouble.NO_CONSENT) for request in requests], {})
            return
        try:
            with self._turns.queue(user.id, len(claimed)):
                async with Progress(self._bot, self._database, requests) as progress:
                    read = await asyncio.gather(*(self._read(each, progress) for each in claimed))
                    await self._reply(read)
        except TooManyWaiting:
            await send_words(self._bot, requests[0], Finding(reason=Trouble.TOO_MANY))
            await self._close([_refused(request, Trouble.TOO_MANY) for request in requests], {})

    async def _read(self, incoming: Incoming, progress: Progress) -> Read:
        read = await self._look(incoming)
        await progress.advance()
        return read

    async def _look(self, incoming: Incoming) -> Read:
        request = incoming.request
        if incoming.problem is not None:
            return _refused(request, incoming.problem)
        try:
            reading = await self._in_turn(request, self._engine.read)
        except NotRead as error:
            return _refused(request, error.reason)
        return Read(request, Finding.of(reading.analysis), reading.analysis, reading.annotated)

    async def _in_turn(self, request: Request, work: Work[T_co]) -> T_co:
        """Fetch a request's file and have the engine work on it, when its turn has come. Raises NotRead."""
        try:
            async with self._turns.turn(request.user_id):
                data = await fetch_file(self._bot, request.file_id)
                return await work(data, language=replies.current_language())
        except FileTooLarge:
            raise NotRead(Trouble.TOO_LARGE) from None
        except FileExpired:
            raise NotRead(Trouble.EXPIRED) from None
        except PhotoError as error:
            raise NotRead(error.fault) from None
        except Busy:
            raise NotRead(Trouble.BUSY) from None
        except AnalysisFailed:
            logger.error("request %d could not be analysed", request.id)
            raise NotRead(Trouble.FAILED) from None

    async def _reply(self, read: Sequence[Read]) -> None:
        pictures = [(each.request, each.finding, each.annotated) for each in read]
        if len(read) > 1:
            sent = await send_album(self._bot, pictures)
        else:
            sent = await send_answer(self._bot, *pictures[0])
        await self._close(read, sent)

    async def _close(self, read: Sequence[Read], sent: dict[int, str]) -> None:
        """Complete requests; `sent` gives the file ids of the annotated photos by request."""
        for each in read:
            outcome = _outcome(each.finding)
            result = to_stored(each.finding, each.analysis)
            await self._database.requests.complete(each.request.id, outcome, result, sent.get(each.request.id))
            logger.info("request %d is %s", each.request.id, outcome)

    async def _apologise(self, requests: Sequence[Request]) -> None:
        failed = [_failed(request) for request in requests]
        try:
            await send_words(self._bot, requests[0], failed[0].finding)
        except Exception:
            logger.exception("could not even apologise")
        await self._close(failed, {})


def _refused(request: Request, reason: Reason) -> Read:
    return Read(request, Finding(reason=reason))


def _failed(request: Request) -> Read:
    return _refused(request, Trouble.FAILED)


def _outcome(finding: Finding) -> Outcome:
    if finding.reason is None:
        return Outcome.ANSWERED
    return Outcome.FAILED if finding.reason in FAILURES else Outcome.REFUSED

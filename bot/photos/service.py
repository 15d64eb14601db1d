"""From recorded requests to sent answers: the one road for photos, files, albums and recovery."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import repeat
from types import MappingProxyType
from typing import Protocol, TypeVar

from aiogram.enums import ChatAction
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramForbiddenError,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
)
from aiogram.utils.i18n import I18n

from bot.photos.albums import Incoming
from bot.photos.delivery import send_album, send_answer, send_consent_request, send_explanation, send_text
from bot.photos.progress import Progress
from bot.results import FAILURES, Reason, Result, Symptom, Trouble, to_stored
from bot.supervisor import Supervisor
from bot.talk.symptoms import symptoms_in
from bot.telegram.client import RetryingBot
from bot.telegram.files import NotFetched, fetch_file
from bot.telegram.rate_limit import MessageKind, RateLimiter
from bot.ui.i18n import supported_language
from bot.ui.names import current_language
from inference.analysis import Analysis, Domain, Risk
from inference.drawing.words import Plate
from inference.engine.engine import AnalysisFailed, Busy, Engine, Examination, Fetch, Place, TooMany
from inference.photo import PhotoError
from storage.database import Database
from storage.records import Completion, Outcome, Request, User
from storage.retry import until_stored

logger = logging.getLogger(__name__)

UNREACHABLE = (TelegramNetworkError, TelegramServerError, TelegramRetryAfter, ClientDecodeError)
AGAIN_SECONDS = 60.0

T_co = TypeVar("T_co", covariant=True)


class Work(Protocol[T_co]):
    """What a place in the engine's queue is used for."""

    def __call__(self, fetch: Fetch, plate: Plate) -> Awaitable[T_co]: ...


class NotRead(Exception):
    """A photo could not be read; `result` says why."""

    def __init__(self, reason: Reason, retry_after: float = 0.0) -> None:
        super().__init__(reason)
        self.result = Result(reason=reason, retry_after=retry_after)


@dataclass(frozen=True)
class ProcessedRequest:
    """One request with what came of it; `annotated` is a JPEG where there is a class."""

    request: Request
    result: Result
    analysis: Analysis | None = None
    annotated: bytes | None = None


class PhotoService:
    """Takes requests that belong together, reads them, replies, and closes them after the reply."""

    def __init__(
        self,
        bot: RetryingBot,
        database: Database,
        engine: Engine,
        i18n: I18n,
        supervisor: Supervisor,
        rate_limiter: RateLimiter,
        operator: str | None = None,
        missed: Mapping[Domain, float] = MappingProxyType({}),
    ) -> None:
        self._bot = bot
        self._database = database
        self._engine = engine
        self._i18n = i18n
        self._supervisor = supervisor
        self._operator = operator
        self._rate_limiter = rate_limiter
        # Share of melanomas, by what the photo was taken with, that get an answer of low risk.
        self._missed = missed

    async def receive(self, incoming: Sequence[Incoming], *, accepted: bool = False) -> None:
        """Answer one photo or one album of one person. Requests that somebody else has taken are left out.

        What was `accepted` before, by an earlier run perhaps, is not turned away however many are waiting.
        Raises nothing: what cannot be answered is apologised for, and what cannot even be delivered is
        tried again later, by the next start at the latest.
        """
        ours = await self._database.requests.claim([each.request.id for each in incoming])
        claimed = [each for each in incoming if each.request.id in ours]
        if not claimed:
            return
        requests = [each.request for each in claimed]
        user = await self._database.users.get(requests[0].user_id)
        if user is None:
            return
        with self._i18n.context(), self._i18n.use_locale(supported_language(user.language)):
            try:
                await self._serve(user, claimed, accepted)
            except TelegramForbiddenError:
                await self._database.users.mark_blocked(user.id)
                await self._close([_failed(request) for request in requests], {})
            except UNREACHABLE as error:
                logger.error("no way to answer %d request(s) now: %s", len(requests), type(error).__name__)
                self._supervisor.start(self._receive_later(claimed), "late answer")
            except Exception:
                logger.exception("could not answer request(s) %s", [request.id for request in requests])
                await self._apologise(requests)

    async def explain(self, request: Request) -> None:
        """Give an explanation that is owed: what made the model answer so, or why that cannot be said.

        Where a stop or an outage cuts this short, it stays owed and the next start gives it. Raises what
        sending raises.
        """
        try:
            await self._explain(request)
        except UNREACHABLE:
            raise
        except Exception:
            await self._database.requests.settle_explanation(request.id)
            raise
        await self._database.requests.settle_explanation(request.id)

    async def _explain(self, request: Request) -> None:
        user = await self._database.users.get(request.user_id)
        if user is None or request.result is None:
            return
        with self._i18n.context(), self._i18n.use_locale(supported_language(user.language)):
            try:
                explanation = await self._read_again(request, lambda place: place.explain)
            except NotRead as error:
                await self._rate_limiter.acquire(MessageKind.ANSWER)
                await send_text(self._bot, request, error.result)
            else:
                answered = Result.stored(request.result)
                await self._supervisor.run_to_completion(send_explanation(self._bot, request, answered, explanation))

    async def examine(self, request: Request) -> Examination:
        """What a report shows of a photo, which is read once more; it may be sent now. Raises NotRead."""
        return await self._read_again(request, lambda place: place.examine)

    async def follow(self, request: Request) -> Examination:
        """`examine` with the marks of the lesion. Raises NotRead."""
        return await self._read_again(request, lambda place: place.follow)

    async def _read_again(self, request: Request, work: Callable[[Place], Work[T_co]]) -> T_co:
        """A second reading that may be sent now; it takes its turn among its owner's photos. Raises NotRead."""
        with self._queue(request.user_id, 1) as places:
            about = self._bot, self._database, self._rate_limiter, [request], places
            async with Progress(*about, action=ChatAction.UPLOAD_PHOTO, quiet=True, asked=datetime.now(UTC)):
                found = await self._in_turn(request, work(places[0]), Plate(current_language()))
                await self._rate_limiter.acquire(MessageKind.ANSWER)
                return found

    async def _receive_later(self, claimed: Sequence[Incoming]) -> None:
        await asyncio.sleep(AGAIN_SECONDS)
        await self._database.requests.release([each.request.id for each in claimed])
        await self.receive(claimed, accepted=True)

    async def _serve(self, user: User, claimed: Sequence[Incoming], accepted: bool) -> None:
        requests = [each.request for each in claimed]
        if user.consented_at is None:
            await send_consent_request(self._bot, requests[0], self._operator)
            await self._close([_refused(request, Trouble.NO_CONSENT) for request in requests], {})
            return
        try:
            with self._queue(user.id, len(claimed), limited=not accepted) as places:
                async with Progress(self._bot, self._database, self._rate_limiter, requests, places) as progress:
                    numbers = [None] if len(claimed) == 1 else range(1, len(claimed) + 1)
                    told = _symptoms_told(requests)
                    read = await asyncio.gather(*map(self._read, claimed, places, numbers, told, repeat(progress)))
                    # An album comes with a message that sums it up.
                    await self._rate_limiter.acquire(MessageKind.ANSWER, 1 if len(read) == 1 else len(read) + 1)
                    await self._supervisor.run_to_completion(self._reply(read))
        except NotRead as turned_away:
            await self._rate_limiter.acquire(MessageKind.ANSWER)
            await send_text(self._bot, requests[0], turned_away.result)
            await self._close([ProcessedRequest(request, turned_away.result) for request in requests], {})

    @contextmanager
    def _queue(self, user_id: int, photos: int, *, limited: bool = True) -> Iterator[list[Place]]:
        """Places in the engine's queue. Raises NotRead where there is no room for them."""
        try:
            with self._engine.queue(user_id, photos, limited=limited) as places:
                yield places
        except Busy as error:
            raise NotRead(Trouble.BUSY, error.retry_after) from None
        except TooMany:
            raise NotRead(Trouble.TOO_MANY) from None

    async def _read(
        self, incoming: Incoming, place: Place, number: int | None, told: Collection[Symptom], progress: Progress
    ) -> ProcessedRequest:
        read = await self._look(incoming, place, number, told)
        progress.advance()
        return read

    async def _look(
        self, incoming: Incoming, place: Place, number: int | None, told: Collection[Symptom]
    ) -> ProcessedRequest:
        request = incoming.request
        if incoming.problem is not None:
            place.give_up()
            return _refused(request, incoming.problem)
        plate = Plate(current_language(), number, Risk.RAISED if told else Risk.LOW)
        try:
            reading = await self._in_turn(request, place.read, plate)
        except NotRead as error:
            return ProcessedRequest(request, error.result)
        analysis = reading.analysis
        missed = self._missed.get(analysis.domain) if analysis.domain is not None else None
        result = Result.of(analysis, missed).reporting(told)
        return ProcessedRequest(request, result, analysis, reading.annotated)

    async def _in_turn(self, request: Request, work: Work[T_co], plate: Plate) -> T_co:
        """Have the engine work on a request's file, which is fetched when its turn has come. Raises NotRead."""
        try:
            return await work(partial(fetch_file, self._bot, request.file_id), plate)
        except NotFetched as error:
            raise NotRead(error.trouble) from None
        except PhotoError as error:
            raise NotRead(error.fault) from None
        except AnalysisFailed:
            logger.error("request %d could not be analysed", request.id)
            raise NotRead(Trouble.FAILED) from None

    async def _reply(self, read: Sequence[ProcessedRequest]) -> None:
        """Send and close: a stop between the two would have the answer sent again by the next start."""
        pictures = [(each.request, each.result, each.annotated) for each in read]
        if len(read) > 1:
            sent = await send_album(self._bot, pictures)
        else:
            sent = await send_answer(self._bot, *pictures[0])
        await self._close(read, sent)

    async def _close(self, read: Sequence[ProcessedRequest], sent: dict[int, str]) -> None:
        """Complete requests; `sent` gives the file ids of the annotated photos by request."""
        completions = [
            Completion(
                each.request.id,
                _outcome(each.result),
                to_stored(each.result, each.analysis),
                sent.get(each.request.id),
            )
            for each in read
        ]
        # What was said was said: only a stop ends this before it is noted.
        await until_stored(partial(self._database.requests.complete_all, completions))
        for each in completions:
            logger.info("request %d is %s", each.request_id, each.outcome)

    async def _apologise(self, requests: Sequence[Request]) -> None:
        failed = [_failed(request) for request in requests]
        try:
            await send_text(self._bot, requests[0], failed[0].result)
        except Exception:
            logger.exception("could not even apologise")
        await self._close(failed, {})


def _symptoms_told(requests: Sequence[Request]) -> list[frozenset[Symptom]]:
    """What was written with each photo. In an album often one photo alone has a caption, and it is meant for all."""
    told = [symptoms_in(each.note) for each in requests]
    of_all = frozenset().union(*told)
    return [each if request.note else of_all for each, request in zip(told, requests, strict=True)]


def _refused(request: Request, reason: Reason) -> ProcessedRequest:
    return ProcessedRequest(request, Result(reason=reason))


def _failed(request: Request) -> ProcessedRequest:
    return _refused(request, Trouble.FAILED)


def _outcome(result: Result) -> Outcome:
    if result.reason is None:
        return Outcome.ANSWERED
    return Outcome.FAILED if result.reason in FAILURES else Outcome.REFUSED

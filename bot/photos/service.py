"""From recorded requests to sent answers, in the same way for photos, files, albums and recovery."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial
from itertools import repeat
from types import MappingProxyType

from aiogram.exceptions import TelegramAPIError, TelegramBadRequest
from aiogram.utils.i18n import I18n

from bot.guidance.advice import is_worn
from bot.operator.metrics import Metrics
from bot.photos.agreement import Agreement
from bot.photos.albums import Incoming
from bot.photos.delivery import (
    send_album,
    send_answer,
    send_hint,
    send_interruption,
    send_replacement,
    send_text,
)
from bot.photos.outbox import Outbox, ProcessedRequest, Send, failed, outcome_of, refused
from bot.photos.progress import Progress
from bot.photos.reading import NotRead, NotWanted, Reader
from bot.photos.refusals import Refusals
from bot.photos.repeats import sent_before
from bot.photos.taking_over import is_in_group, take_over
from bot.results import Result, Symptom, Trouble
from bot.supervisor import Supervisor, all_or_none
from bot.talk.symptoms import symptoms_in
from bot.telegram import outages
from bot.telegram.client import RetryingBot
from bot.telegram.gone import is_gone
from bot.telegram.rate_limit import MessageKind, RateLimiter
from bot.ui.i18n import supported_language
from bot.ui.names import current_language
from inference.analysis import Domain, Risk
from inference.drawing.words import CaptionOptions
from inference.engine.engine import Engine, QueuePlace
from storage.database import Database
from storage.errors import StorageUnavailable
from storage.records import Completion, Request, User
from storage.retry import until_stored

logger = logging.getLogger(__name__)

LATER = (*outages.UNREACHABLE, StorageUnavailable)


class ChatGone(Exception):
    """Nothing can be sent to this chat, because it is gone."""


class PhotoService:
    """Claims requests that belong together, analyses them, replies, and closes them after the reply."""

    def __init__(
        self,
        bot: RetryingBot,
        database: Database,
        engine: Engine,
        i18n: I18n,
        supervisor: Supervisor,
        rate_limiter: RateLimiter,
        metrics: Metrics,
        agreement: Agreement,
        missed: Mapping[Domain, float] = MappingProxyType({}),
        answered: Callable[[Request], None] = lambda request: None,
    ) -> None:
        self._bot = bot
        self._database = database
        self._reader = Reader(bot, database, engine)
        self._outbox = Outbox(database, supervisor, rate_limiter, metrics, answered)
        self._i18n = i18n
        self._supervisor = supervisor
        self._agreement = agreement
        self._rate_limiter = rate_limiter
        # Domain -> share of melanomas that get an answer of low risk.
        self._missed = missed
        self._refusals = Refusals()

    async def receive(self, incoming: Sequence[Incoming], *, accepted: bool = False) -> None:
        """Answer one photo or one album of one person. Requests that were claimed already are left out.

        Photos that were `accepted` before, maybe by an earlier run, are not turned away: they wait for room. If an
        answer is impossible, the person gets an apology. If not even that can be delivered, it is tried again later, at
        the latest by the next start. Raises StorageUnavailable if the database cannot note it now; it is done later.
        """
        claim = partial(self._database.requests.claim, [each.request.id for each in incoming])
        try:
            ours = await claim()
        except StorageUnavailable:
            self._supervisor.start(self._claim_later(claim, incoming, accepted), "late photo")
            raise
        await self._answer_claimed(ours, incoming, accepted)

    async def _claim_later(
        self, claim: Callable[[], Awaitable[set[int]]], incoming: Sequence[Incoming], accepted: bool
    ) -> None:
        await self._answer_claimed(await until_stored(claim), incoming, accepted)

    async def _answer_claimed(self, ours: set[int], incoming: Sequence[Incoming], accepted: bool) -> None:
        claimed = [each for each in incoming if each.request.id in ours]
        if not claimed:
            return
        requests = [each.request for each in claimed]
        logger.info("request(s) %s: taken up", ", ".join(str(each.id) for each in requests))
        try:
            # This comes first, so that a later try does not copy the photos again.
            claimed = [await self._in_private(each) for each in claimed]
            requests = [each.request for each in claimed]
            await self._answer(claimed, accepted)
        except ChatGone as error:
            logger.warning("%d request(s) are closed, their chat is gone: %s", len(requests), error)
            if requests[0].chat_id == requests[0].user_id:
                await until_stored(partial(self._database.users.mark_blocked, requests[0].user_id))
            await self._outbox.close(list(map(failed, requests)))
        except LATER as error:
            logger.error("%d request(s) cannot be answered now: %s", len(requests), type(error).__name__)
            pause = 0.0 if isinstance(error, StorageUnavailable) else outages.AGAIN_SECONDS
            self._supervisor.start(self._receive_later(claimed, pause), "late answer")

    def forget(self, user_id: int) -> None:
        """Stop all answers for this person, whose data is erased."""
        self._reader.forget(user_id)

    async def settle_interrupted(self, requests: Sequence[Request]) -> None:
        """Close requests whose answer may have been sent before a kill, and say how to see the result."""
        user = await self._database.users.get(requests[0].user_id)
        language = supported_language(user.language if user is not None else None)
        with self._i18n.context(), self._i18n.use_locale(language):
            try:
                await outages.until_reached(partial(send_interruption, self._bot, requests))
            except TelegramAPIError as error:
                logger.warning(
                    "request %d: the notice of its interruption was refused: %s", requests[0].id, error.message
                )
        ends = [Completion(each.id, outcome_of(Result.stored(each.result or {}))) for each in requests]
        await until_stored(partial(self._database.requests.complete_all, ends))

    async def _answer(self, claimed: Sequence[Incoming], accepted: bool) -> None:
        """Answer, or apologise. Raises ChatGone, or one of LATER if neither is possible now."""
        requests = [each.request for each in claimed]
        user = await self._database.users.get(requests[0].user_id)
        if user is None:
            return
        with self._i18n.context(), self._i18n.use_locale(supported_language(user.language)):
            try:
                await self._serve(user, claimed, accepted)
            except LATER:
                raise
            except Exception as error:
                if is_gone(error):
                    raise ChatGone(type(error).__name__) from None
                logger.exception("could not answer request(s) %s", [request.id for request in requests])
                await self._apologise(requests)

    async def _in_private(self, incoming: Incoming) -> Incoming:
        """Move a photo to the private chat if a kill left it in a group. Raises ChatGone."""
        if not is_in_group(incoming.request):
            return incoming
        try:
            request = await take_over(self._bot, self._database, incoming.request)
        except TelegramBadRequest as error:
            # Its file is gone, or its id cannot be decrypted. Nothing is said of it in the group.
            logger.warning("request %d: %s", incoming.request.id, error.message)
            request = None
        if request is None:
            raise ChatGone("a photo of a group cannot be taken over")
        return replace(incoming, request=request)

    async def _receive_later(self, claimed: Sequence[Incoming], pause: float) -> None:
        await asyncio.sleep(pause)
        await until_stored(partial(self._database.requests.release, [each.request.id for each in claimed]))
        ours = await until_stored(partial(self._database.requests.claim, [each.request.id for each in claimed]))
        await self._answer_claimed(ours, claimed, accepted=True)

    async def _serve(self, user: User, claimed: Sequence[Incoming], accepted: bool) -> None:
        requests = [each.request for each in claimed]
        if user.consented_at is None:
            await self._turn_away(user, [refused(each, Trouble.NO_CONSENT) for each in requests], self._ask_consent)
            return
        if requests[0].edited_at and await self._database.edits.answered_before(requests[0]):
            await send_replacement(self._bot, requests[0])
        try:
            async with AsyncExitStack() as queued:
                if accepted:
                    places = await queued.enter_async_context(self._reader.promised(user.id, len(claimed)))
                else:
                    places = queued.enter_context(self._reader.queue(user.id, len(claimed)))
                progress = Progress(self._bot, self._database, self._rate_limiter, requests, places)
                reading = self._read_all(claimed, places, await queued.enter_async_context(progress))
                read = await self._reader.while_wanted(user.id, reading)
                # An album has one more message, with the summary.
                await self._outbox.send(read, self._send, 1 if len(read) == 1 else len(read) + 1)
                self._hint_once(user, read)
        except NotWanted:
            logger.info("%d request(s) were erased before they were answered", len(requests))
        except NotRead as error:
            await self._turn_away(user, [ProcessedRequest(each, error.result) for each in requests], self._send_first)

    async def _turn_away(self, user: User, unread: Sequence[ProcessedRequest], send: Send) -> None:
        """Say why these photos are not analysed, unless this person got that message just now."""
        with self._refusals.word(user.id, unread[0].result.reason) as is_news:
            if is_news:
                await self._outbox.send(unread, send)
            else:
                await self._outbox.close(unread)

    async def _read_all(
        self, claimed: Sequence[Incoming], places: Sequence[QueuePlace], progress: Progress
    ) -> list[ProcessedRequest]:
        numbers = [None] if len(claimed) == 1 else range(1, len(claimed) + 1)
        symptoms = _reported_symptoms([each.request for each in claimed])
        read = await all_or_none(map(self._read, claimed, places, numbers, symptoms, repeat(progress)))
        return [each for each in read if each is not None]

    async def _read(
        self,
        incoming: Incoming,
        place: QueuePlace,
        number: int | None,
        reported: Collection[Symptom],
        progress: Progress,
    ) -> ProcessedRequest | None:
        read = await self._look(incoming, place, number, reported)
        progress.advance()
        return read

    async def _look(
        self, incoming: Incoming, place: QueuePlace, number: int | None, symptoms: Collection[Symptom]
    ) -> ProcessedRequest | None:
        request = incoming.request
        if incoming.problem is not None:
            place.give_up()
            return refused(request, incoming.problem)
        options = CaptionOptions(current_language(), number, Risk.RAISED if symptoms else Risk.LOW)
        try:
            reading = await self._reader.in_turn(request, place.read, options)
        except NotWanted:
            return None
        except NotRead as error:
            return ProcessedRequest(request, error.result)
        analysis = reading.analysis
        missed = self._missed.get(analysis.domain) if analysis.domain is not None else None
        result = Result.of(analysis, missed).reporting(symptoms)
        result = replace(result, sent_before=await sent_before(self._database, request, analysis))
        return ProcessedRequest(request, result, analysis, reading.annotated)

    def _hint_once(self, user: User, read: Sequence[ProcessedRequest]) -> None:
        """After the first answer to a rather unsharp or dark photo, say how to hold the phone."""
        worn = [each.request for each in read if each.analysis is not None and is_worn(each.analysis)]
        if worn and user.hinted_at is None:
            # A separate task: if it fails, the photo is answered anyway.
            self._supervisor.start(self._hint(user, worn[0]), "hint")

    async def _hint(self, user: User, request: Request) -> None:
        if await self._database.users.hint(user.id):
            await self._rate_limiter.acquire(MessageKind.ANSWER, chat_id=request.chat_id)
            await send_hint(self._bot, request)

    async def _send(self, read: Sequence[ProcessedRequest]) -> Mapping[int, str]:
        pictures = [(each.request, each.result, each.annotated) for each in read]
        if len(read) > 1:
            return await send_album(self._bot, pictures)
        return await send_answer(self._bot, *pictures[0])

    async def _send_first(self, read: Sequence[ProcessedRequest]) -> Mapping[int, str]:
        """Send one text that is true for all of them."""
        await send_text(self._bot, read[0].request, read[0].result)
        return {}

    async def _ask_consent(self, read: Sequence[ProcessedRequest]) -> Mapping[int, str]:
        await self._agreement.ask_below(read[0].request)
        return {}

    async def _apologise(self, requests: Sequence[Request]) -> None:
        """Say that it failed, unless an answer is being sent already."""
        sorry = list(map(failed, requests))
        try:
            await self._outbox.send(sorry, self._send_first)
        except LATER:
            raise
        except Exception as error:
            if is_gone(error):
                raise ChatGone(type(error).__name__) from None
            logger.exception("could not even apologise")
            await self._outbox.close(sorry)


def _reported_symptoms(requests: Sequence[Request]) -> list[frozenset[Symptom]]:
    """The symptoms in each photo's caption. In an album, often only one photo has a caption, and it is for all."""
    reported = [symptoms_in(each.note) for each in requests]
    of_all = frozenset().union(*reported)
    return [each if request.note else of_all for each, request in zip(reported, requests, strict=True)]

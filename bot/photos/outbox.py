"""The outbox: an answer is noted before it is sent, and noted as sent afterwards.

Telegram has no idempotency key, so it cannot recognise a repeated message. Two cases remain:

- The connection breaks after Telegram has accepted a message. The message is sent again and may come twice.
- The process is killed between the two notes. Nobody knows whether the answer arrived. It is not sent again. The next
  start says so and offers the result (see `recovery`).
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from bot.operator.metrics import Metrics
from bot.results import FAILURES, Reason, Result, Trouble, to_stored
from bot.supervisor import Supervisor
from bot.telegram.client import NotUnderstood
from bot.telegram.rate_limit import MessageKind, RateLimiter
from inference.analysis import Analysis
from storage.database import Database
from storage.records import Completion, Outcome, Request
from storage.retry import until_stored

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ProcessedRequest:
    """A request and its result. `annotated` is a JPEG if there is a class."""

    request: Request
    result: Result
    analysis: Analysis | None = None
    annotated: bytes | None = None


Send = Callable[[Sequence[ProcessedRequest]], Awaitable[Mapping[int, str]]]
"""Sends results and returns request id -> file id of the annotated photo."""


class Outbox:
    """Sends answers and closes their requests, all photos of an album together."""

    def __init__(
        self,
        database: Database,
        supervisor: Supervisor,
        rate_limiter: RateLimiter,
        metrics: Metrics,
        answered: Callable[[Request], None],
    ) -> None:
        self._database = database
        self._metrics = metrics
        self._answered = answered
        self._supervisor = supervisor
        self._rate_limiter = rate_limiter

    async def send(self, read: Sequence[ProcessedRequest], send: Send, messages: int = 1) -> None:
        """Wait for a turn, send an answer of so many messages, and close its requests. Erased ones are left out.

        It continues if its caller is cancelled. Raises what `send` raises; then the requests stay unfinished. After
        something was sent, it retries until the database has noted that.
        """
        await self._supervisor.run_to_completion(self._send(read, send, messages))

    async def close(self, read: Sequence[ProcessedRequest], sent: Mapping[int, str] | None = None) -> None:
        """Complete requests; `sent` maps request id -> file id of the annotated photo."""
        completions = [_completion(each, sent or {}) for each in read]
        # The answer was sent, so only a stop may end this before it is noted.
        closed = await until_stored(partial(self._database.requests.complete_all, completions))
        for each, completion in zip(read, completions, strict=True):
            if completion.request_id in closed:
                logger.info("request %d is %s", completion.request_id, completion.outcome)
                self._metrics.count_answer(completion.outcome, each.result.reason, each.request.created_at)
                if completion.outcome is Outcome.ANSWERED:
                    self._answered(each.request)

    async def _send(self, read: Sequence[ProcessedRequest], send: Send, messages: int) -> None:
        completions = [_completion(each, {}) for each in read]
        wanted = await until_stored(partial(self._database.requests.mark_sending, completions))
        read = [each for each in read if each.request.id in wanted]
        if not read:
            return
        try:
            # After the note, because the turn must not wait for the disk.
            await self._rate_limiter.acquire(MessageKind.ANSWER, messages, chat_id=read[0].request.chat_id)
        except asyncio.CancelledError:
            await self._database.requests.take_back(wanted)
            raise
        try:
            sent = await send(read)
        except NotUnderstood:
            # Telegram has accepted it; only its confirmation is unreadable.
            sent = {}
        except Exception:
            await until_stored(partial(self._database.requests.take_back, wanted))
            raise
        await self.close(read, sent)


def refused(request: Request, reason: Reason) -> ProcessedRequest:
    """A request that was not analysed, for this reason."""
    return ProcessedRequest(request, Result(reason=reason))


def failed(request: Request) -> ProcessedRequest:
    """A request that failed."""
    return refused(request, Trouble.FAILED)


def outcome_of(result: Result) -> Outcome:
    """The outcome of a request with this result."""
    if result.reason is None:
        return Outcome.ANSWERED
    return Outcome.FAILED if result.reason in FAILURES else Outcome.REFUSED


def _completion(each: ProcessedRequest, sent: Mapping[int, str]) -> Completion:
    stored = to_stored(each.result, each.analysis)
    return Completion(each.request.id, outcome_of(each.result), stored, sent.get(each.request.id))

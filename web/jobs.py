"""Photos that are being analysed, and answers to fetch. They stay only in memory, and only for some minutes."""

import asyncio
import secrets
from collections.abc import Hashable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from inference.drawing.words import CaptionOptions
from inference.engine.engine import AnalysisFailed, Busy, Engine, PhotoError, QueuePlace, TooMany
from inference.photo import PhotoFault
from web.problems import Problem
from web.reports import Answer, Reports
from web.watching import Metrics

KEPT_SECONDS: Final = 600.0
KEPT_AT_MOST: Final = 100
"""The largest number of finished answers, each with a picture of about a megabyte."""


@dataclass(frozen=True, eq=False)
class Job:
    """One photo. `name` is its file name at the sender; `task` analyses it."""

    id: str
    owner: Hashable
    name: str
    language: str
    place: QueuePlace
    task: asyncio.Task[Answer]

    @property
    def answer(self) -> Answer:
        """The answer of a finished job. Raises Problem if the photo could not be analysed."""
        try:
            return self.task.result()
        except PhotoError as error:
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, error.fault, _FAULTS[error.fault]) from None
        except (AnalysisFailed, asyncio.CancelledError):
            raise Problem(
                HTTPStatus.INTERNAL_SERVER_ERROR, "failed", "The photo could not be read. Please send it again."
            ) from None


_FAULTS: Final = {
    PhotoFault.EMPTY: "The file is empty.",
    PhotoFault.NOT_AN_IMAGE: "The file is no JPEG, PNG, WebP or HEIC.",
    PhotoFault.TRUNCATED: "The picture is damaged: a part of the file is missing.",
    PhotoFault.TOO_MANY_PIXELS: "The picture has too many pixels.",
    PhotoFault.TOO_COSTLY: "The file takes too long to open.",
    PhotoFault.ANIMATED: "The picture moves: only still photos are read.",
}


class Jobs:
    """Owns the tasks that analyse photos.

    Args:
        engine: analyses them.
        reports: makes the reports that are asked for.
        metrics: counts them.
        kept_seconds: how long an answer can be fetched.
    """

    def __init__(self, engine: Engine, reports: Reports, metrics: Metrics, kept_seconds: float = KEPT_SECONDS) -> None:
        self._engine = engine
        self._reports = reports
        self._metrics = metrics
        self._kept_seconds = kept_seconds
        self._jobs: dict[str, Job] = {}

    def start(
        self,
        owner: Hashable,
        photo: bytes,
        name: str,
        language: str,
        answers: Mapping[str, object],
        *,
        report: bool = False,
    ) -> Job:
        """Put a photo into the queue. Its bytes are dropped with the answer.

        With a `report` it is analysed twice: for the answer, and for the report.

        Raises:
            Problem: there is no room for it.
        """

        async def fetch() -> bytes:
            return photo

        queued = ExitStack()
        try:
            places = queued.enter_context(self._engine.queue(owner, 2 if report else 1))
        except Busy as error:
            raise Problem(
                HTTPStatus.SERVICE_UNAVAILABLE, "busy", "Too many photos wait now.", retry_after=error.retry_after
            ) from None
        except TooMany:
            raise Problem(
                HTTPStatus.TOO_MANY_REQUESTS, "too_many", "Wait for the answers to your other photos.", retry_after=10
            ) from None

        async def answer() -> Answer:
            options = CaptionOptions(language, answers=answers)
            reading = await places[0].read(fetch, options)
            if not report or reading.analysis.refusal:
                return Answer(reading)
            examination = await places[1].examine(fetch, options)
            return Answer(reading, await self._reports.make(reading, examination, answers, language))

        task = asyncio.create_task(answer())
        job = Job(secrets.token_urlsafe(16), owner, name, language, places[-1], task)
        self._jobs[job.id] = job
        self._metrics.count(task)

        def ended(_task: asyncio.Task[Answer]) -> None:
            queued.close()
            # The client may have gone. Then nobody else looks at the error.
            if not task.cancelled():
                task.exception()
            asyncio.get_running_loop().call_later(self._kept_seconds, self._jobs.pop, job.id, None)
            self._forget_the_oldest()

        task.add_done_callback(ended)
        return job

    def find(self, owner: Hashable, job_id: str) -> Job | None:
        """A job of this owner. Nobody else can find it."""
        job = self._jobs.get(job_id)
        return job if job is not None and job.owner == owner else None

    def forget(self, job: Job) -> None:
        """Cancel a photo, or erase its answer."""
        self._jobs.pop(job.id, None)
        job.task.cancel()

    async def stop(self) -> None:
        """Cancel all photos and erase all answers."""
        tasks = [job.task for job in self._jobs.values()]
        self._jobs.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _forget_the_oldest(self) -> None:
        finished = [job for job in self._jobs.values() if job.task.done()]
        for job in finished[: max(0, len(finished) - KEPT_AT_MOST)]:
            self.forget(job)

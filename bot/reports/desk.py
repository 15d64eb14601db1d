"""Makes reports: analyses the photo again and writes the pages in a thread."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aiogram.types import BufferedInputFile
from aiogram.utils.deep_linking import create_start_link
from aiogram.utils.i18n import gettext as _

from bot.moles.measurements import Standing
from bot.photos.second_reading import SecondReader
from bot.reports.mole import MoleReport, mole_pdf
from bot.results import Result
from bot.telegram.client import RetryingBot
from bot.ui.names import current_language
from inference.engine.engine import Examination
from inference.registry.performance import Performance, performance_of
from inference.reports.result import Answered, ResultReport, result_pdf
from storage.records import Mole, Request


class ReportDesk:
    """Makes reports for a doctor. For each result, only one is made at a time.

    Args:
        bot: its name is in the report.
        reader: analyses their photos.
        weights: folder of the registry and its reports.
        operator: who runs the bot.
    """

    def __init__(self, bot: RetryingBot, reader: SecondReader, weights: Path, operator: str | None) -> None:
        self._bot = bot
        self._reader = reader
        self._weights = weights
        self._operator = operator
        self._in_work: set[tuple[str, int]] = set()

    @contextmanager
    def claim(self, kind: str, number: int) -> Iterator[bool]:
        """Claim a report for this block; False if it is being made already."""
        report = kind, number
        if report in self._in_work:
            yield False
            return
        self._in_work.add(report)
        try:
            yield True
        finally:
            self._in_work.discard(report)

    async def result(self, request: Request, reader_id: int | None = None) -> BufferedInputFile:
        """The report of a result. `reader_id` is the reader, if it is not the owner.

        Raises NotRead if the photo cannot be analysed again, and NotWanted if it was erased.
        """
        examination = await self._reader.examine(request, reader_id)
        name = _("report")
        content = await asyncio.to_thread(result_pdf, await self._report(request, examination), current_language())
        return BufferedInputFile(content, f"{name}-{request.created_at:%Y-%m-%d}-{request.id}.pdf")

    async def mole(self, mole: Mole, standing: Standing, reader_id: int | None = None) -> BufferedInputFile:
        """The report of a mole with at least one photo; see `result`."""
        requests = [standing.photos[0].request, standing.photos[-1].request]
        first = await self._reader.examine(requests[0], reader_id)
        last = first if len(standing.photos) == 1 else await self._reader.examine(requests[1], reader_id)
        me = await self._bot.me()
        report = MoleReport(
            mole=mole,
            standing=standing,
            first=first,
            last=last,
            performance=await asyncio.to_thread(self._performance, last),
            bot_name=me.username or me.first_name,
            operator=self._operator,
        )
        content = await asyncio.to_thread(mole_pdf, report)
        name = _("report")
        return BufferedInputFile(content, f"{name}-{requests[1].created_at:%Y-%m-%d}-mole-{mole.id}.pdf")

    async def link(self, request: Request) -> str:
        """The link in a result's report. It opens the result in the bot, only for its owner."""
        return await create_start_link(self._bot, f"result_{request.id}")

    async def _report(self, request: Request, examination: Examination) -> ResultReport:
        me = await self._bot.me()
        stored = request.result or {}
        answer = Result.stored(stored)
        return ResultReport(
            received_at=request.created_at,
            answered=Answered(answer.label, answer.probabilities, answer.risk, bool(answer.symptoms), answer.spots),
            answers=stored.get("answers") or {},
            examination=examination,
            performance=await asyncio.to_thread(self._performance, examination),
            operator=self._operator,
            program=f"@{me.username or me.first_name}",
            link=await self.link(request),
        )

    def _performance(self, examination: Examination) -> tuple[Performance, ...]:
        analysis = examination.analysis
        if analysis.domain is None:
            return ()
        return performance_of(self._weights, analysis.domain, analysis.models.get("classifier", ""))

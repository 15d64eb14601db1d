"""Makes reports: analyses the photo again, writes the pages in a thread, and sends the file."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aiogram.types import BufferedInputFile, ReplyParameters
from aiogram.utils.deep_linking import create_start_link
from aiogram.utils.i18n import gettext as _

from bot.moles.findings import Standing
from bot.photos.second_reading import SecondReader
from bot.reports.mole import MoleReport, mole_pdf
from bot.results import Result
from bot.telegram.client import RetryingBot
from bot.ui.names import current_language
from inference.engine.engine import Examination
from inference.registry.evidence import Evidence, evidence
from inference.reports.result import Answered, ResultReport, result_pdf
from storage.records import Mole, Request


class ReportDesk:
    """Makes reports for a doctor. For each result, only one is made at a time.

    Args:
        bot: sends them.
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

    async def send_result(self, request: Request) -> None:
        """Make the report of a result and send it to the photo's owner.

        Raises NotRead if the photo cannot be analysed again, and errors of sending.
        """
        examination = await self._reader.examine(request)
        name = _("report")
        content = await asyncio.to_thread(result_pdf, await self._report(request, examination), current_language())
        await self._bot.send_document(
            request.chat_id,
            BufferedInputFile(content, f"{name}-{request.created_at:%Y-%m-%d}-{request.id}.pdf"),
            caption=_("For a doctor: print it, or show it on the screen. It holds your photo and no name."),
            reply_parameters=ReplyParameters(message_id=request.message_id, allow_sending_without_reply=True),
        )

    async def send_mole(self, mole: Mole, standing: Standing) -> None:
        """Make the report of a mole's photos and send it to its owner. Raises what `send_result` does."""
        first = await self._reader.examine(standing.photos[0].request)
        last = first if len(standing.photos) == 1 else await self._reader.examine(standing.photos[-1].request)
        me = await self._bot.me()
        report = MoleReport(
            mole=mole,
            standing=standing,
            first=first,
            last=last,
            evidence=await asyncio.to_thread(self._evidence, last),
            bot_name=me.username or me.first_name,
            operator=self._operator,
        )
        content = await asyncio.to_thread(mole_pdf, report)
        name = _("report")
        await self._bot.send_document(
            mole.user_id,
            BufferedInputFile(content, f"{name}-{standing.photos[-1].request.created_at:%Y-%m-%d}-mole-{mole.id}.pdf"),
            caption=_("For a doctor: print it, or show it on the screen. It holds your photos and no name."),
        )

    async def _report(self, request: Request, examination: Examination) -> ResultReport:
        me = await self._bot.me()
        stored = request.result or {}
        told = Result.stored(stored)
        return ResultReport(
            received_at=request.created_at,
            answered=Answered(told.label, told.probabilities, told.risk, bool(told.symptoms)),
            answers=stored.get("answers") or {},
            examination=examination,
            evidence=await asyncio.to_thread(self._evidence, examination),
            operator=self._operator,
            program=f"@{me.username or me.first_name}",
            link=await create_start_link(self._bot, f"result_{request.id}"),
        )

    def _evidence(self, examination: Examination) -> tuple[Evidence, ...]:
        analysis = examination.analysis
        if analysis.domain is None:
            return ()
        return evidence(self._weights, analysis.domain, analysis.models.get("classifier", ""))

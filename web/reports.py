"""Reports for a doctor. They are made together with the answer, because the photo is dropped with it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from inference.engine.engine import AnnotatedAnalysis, Examination
from inference.registry.performance import Performance, performance_of
from inference.reports.result import Answered, ResultReport, result_pdf


@dataclass(frozen=True, eq=False)
class Answer:
    """The answer to a photo. `report` is a PDF; None if it was not asked for or the analysis is a refusal."""

    reading: AnnotatedAnalysis
    report: bytes | None = None


class Reports:
    """Makes reports.

    Args:
        weights: folder of the registry and of the reports with the models' figures.
        operator: who runs the service.
    """

    def __init__(self, weights: Path, operator: str | None) -> None:
        self._weights = weights
        self._operator = operator

    async def make(
        self, reading: AnnotatedAnalysis, examination: Examination, answers: Mapping[str, object], language: str
    ) -> bytes:
        """The report of an answer, as a PDF in "en" or "ru".

        Args:
            reading: the answer, with the person's own answers.
            examination: of the same photo alone.
            answers: the person's own.
            language: of the report.
        """
        answer = reading.analysis
        report = ResultReport(
            received_at=datetime.now(UTC),
            answered=Answered(answer.label, answer.probabilities, answer.risk, spots=1 + len(answer.more_lesions)),
            answers=answers,
            examination=examination,
            performance=await asyncio.to_thread(self._performance, examination),
            operator=self._operator,
        )
        return await asyncio.to_thread(result_pdf, report, language)

    def _performance(self, examination: Examination) -> tuple[Performance, ...]:
        analysis = examination.analysis
        if analysis.domain is None:
            return ()
        return performance_of(self._weights, analysis.domain, analysis.models.get("classifier", ""))

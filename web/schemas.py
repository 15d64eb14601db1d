"""Bodies of the API, for its OpenAPI document."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, Field

from inference.analysis import Refusal, Risk
from inference.domains import Domain
from inference.drawing import verdict
from inference.record import record
from web.answers import PersonAnswers
from web.jobs import Job
from web.reports import Answer

Share = Annotated[float, Field(ge=0, le=1)]


class AnalysisBody(BaseModel):
    """An answer, with the fields that `python -m inference --json` prints. A refusal is an answer without a class."""

    id: str
    status: Literal["done"] = "done"
    photo: str = Field(description="the file's name as it was sent")
    label: str | None = Field(description="the most likely class; null where the analysis refuses")
    probabilities: dict[str, Share]
    box: tuple[float, float, float, float] | None = Field(description="x1, y1, x2, y2 in pixels of the upright photo")
    more_lesions: list[tuple[float, float, float, float]] = Field(description="boxes of others that were read too")
    refusal: Refusal | None = Field(description="why there is no class")
    risk: Risk | None
    domain: Domain | None = Field(description="what the photo was taken with, as it looks")
    models: dict[str, str]
    timings: dict[str, float] = Field(description="milliseconds")
    annotated: str | None = Field(description="where the picture with the outline is")
    report: str | None = Field(description="where the PDF for a doctor is, if it was asked for")
    advice: str = Field(description="what to do next, in the language asked for")
    note: str = Field(description="what every answer ends with: that it is no diagnosis")


class WaitingBody(BaseModel):
    """A photo that waits."""

    id: str
    status: Literal["waiting"] = "waiting"
    ahead: int = Field(description="how many photos come before it")
    seconds: float = Field(description="how long it is likely to take")


def analysis_body(job: Job, answer: Answer, missed: Mapping[Domain, float]) -> AnalysisBody:
    """The answer to a photo that was analysed; `missed` is the share of melanomas that get a low answer, by domain."""
    analysis = answer.reading.analysis
    if analysis.label is not None and analysis.risk is not None:
        spots = 1 + len(analysis.more_lesions)
        share = missed.get(analysis.domain) if analysis.domain is not None else None
        advice = verdict.advice(analysis.risk, analysis.probabilities, job.language, spots=spots, missed_share=share)
    else:
        assert analysis.refusal is not None
        advice = " ".join(f"{part.rstrip('.')}." for part in verdict.refusal_in_words(analysis.refusal, job.language))
    return AnalysisBody(
        id=job.id,
        photo=job.name,
        annotated=f"{address(job)}/annotated" if answer.reading.annotated is not None else None,
        report=f"{address(job)}/report" if answer.report is not None else None,
        advice=advice,
        note=verdict.not_a_diagnosis(job.language),
        **record(analysis),
    )


def waiting_body(job: Job) -> WaitingBody:
    """The place in the queue of a photo that waits."""
    return WaitingBody(id=job.id, ahead=job.place.ahead or 0, seconds=round(job.place.seconds, 1))


def address(job: Job) -> str:
    """The path of a job."""
    return f"/v1/analyses/{job.id}"


ANALYSIS_FORM: Final[dict[str, Any]] = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["photo"],
                "additionalProperties": False,
                "properties": {
                    "photo": {
                        "type": "string",
                        "format": "binary",
                        "description": "JPEG, PNG, WebP or HEIC, up to 20 MB",
                    },
                    "answers": {
                        "type": "string",
                        "description": "a JSON object of what the person knows",
                        "contentMediaType": "application/json",
                        "contentSchema": PersonAnswers.model_json_schema(),
                    },
                    "language": {"type": "string", "enum": ["en", "ru"], "default": "en"},
                    "report": {
                        "type": "string",
                        "enum": ["no", "yes"],
                        "default": "no",
                        "description": "whether to make a PDF for a doctor too; the photo is read twice then",
                    },
                },
            }
        }
    },
}

"""`/v1`: the API. A key identifies the client. The answer comes at once, or later by the number of its job."""

import asyncio
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import ValidationError

from inference.analysis import Domain
from web.answers import PersonAnswers
from web.i18n import LANGUAGES
from web.jobs import Job, Jobs
from web.keys import ApiKey, ApiKeys
from web.problems import Problem, described
from web.rates import RateLimiter
from web.schemas import ANALYSIS_FORM, AnalysisBody, WaitingBody, address, analysis_body, waiting_body
from web.uploads import Uploads

JobId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{22}$", description="as it was given for the photo")]

_ERRORS_OF_A_FORM: Final = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
_ERRORS_OF_A_PHOTO: Final = (HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.INTERNAL_SERVER_ERROR)
_ERRORS_OF_A_JOB: Final = (HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY)


def setup(
    jobs: Jobs,
    uploads: Uploads,
    keys: ApiKeys,
    rates: RateLimiter,
    missed: Mapping[Domain, float],
    wait_seconds: float,
) -> APIRouter:
    """The routes under `/v1`.

    Args:
        jobs: where photos are analysed.
        uploads: how forms are read.
        keys: who may use the API.
        rates: how many photos each may send.
        missed: share of the melanomas that get a low answer, by kind of photo.
        wait_seconds: how long an answer is waited for before a job's number is returned instead.
    """
    router = APIRouter(prefix="/v1", tags=["analyses"])
    known = _known(keys)
    who = Annotated[ApiKey, Depends(known)]

    def found(key: ApiKey, job_id: str) -> Job:
        job = jobs.find(key, job_id)
        if job is None:
            raise Problem(HTTPStatus.NOT_FOUND, "no_such_analysis", "There is no such analysis, or no longer.")
        return job

    @router.post(
        "/analyses",
        response_model=AnalysisBody,
        openapi_extra={"requestBody": ANALYSIS_FORM},
        responses={
            202: {"model": WaitingBody, "description": "It waits; ask again at `Location`"},
            **described(*_ERRORS_OF_A_FORM, *_ERRORS_OF_A_PHOTO, HTTPStatus.UNAUTHORIZED),
        },
    )
    async def analyse(request: Request, key: who) -> Response:
        """Analyse a photo. With `Prefer: respond-async` the answer is always a job's number."""
        wait = rates.take(key, key.photos_a_minute)
        if wait:
            raise Problem(HTTPStatus.TOO_MANY_REQUESTS, "too_often", "Send fewer photos a minute.", retry_after=wait)
        upload = await uploads.read(request, key, frozenset({"answers", "language", "report"}))
        answers = _answers(upload.fields.get("answers", "{}"))
        language = _language(upload.fields.get("language", "en"))
        report = _report(upload.fields.get("report", "no"))
        job = jobs.start(key, upload.photo, upload.name, language, answers.given(), report=report)
        if "respond-async" not in request.headers.get("prefer", "").lower():
            await asyncio.wait({job.task}, timeout=wait_seconds)
        return _answer(job, missed)

    @router.get(
        "/analyses/{job_id}",
        response_model=AnalysisBody,
        responses={
            202: {"model": WaitingBody, "description": "It still waits"},
            **described(*_ERRORS_OF_A_JOB, *_ERRORS_OF_A_PHOTO),
        },
    )
    async def look(job_id: JobId, key: who) -> Response:
        """The answer, if it is there. It is kept in memory for ten minutes."""
        return _answer(found(key, job_id), missed)

    @router.get(
        "/analyses/{job_id}/annotated",
        response_class=Response,
        responses={
            200: {"content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}},
            **described(*_ERRORS_OF_A_JOB),
        },
    )
    async def annotated(job_id: JobId, key: who) -> Response:
        """The photo with the lesion outlined; there is none if the analysis refuses or still waits."""
        job = found(key, job_id)
        picture = job.answer.reading.annotated if job.task.done() else None
        if picture is None:
            raise Problem(HTTPStatus.NOT_FOUND, "no_picture", "There is no picture of this analysis.")
        return Response(picture, media_type="image/jpeg")

    @router.get(
        "/analyses/{job_id}/report",
        response_class=Response,
        responses={
            200: {"content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}}},
            **described(*_ERRORS_OF_A_JOB),
        },
    )
    async def report(job_id: JobId, key: who) -> Response:
        """The report for a doctor as a PDF, if it was asked for with the photo."""
        job = found(key, job_id)
        content = job.answer.report if job.task.done() else None
        if content is None:
            raise Problem(HTTPStatus.NOT_FOUND, "no_report", "There is no report of this analysis.")
        return Response(content, media_type="application/pdf")

    @router.delete("/analyses/{job_id}", status_code=204, responses=described(*_ERRORS_OF_A_JOB))
    async def forget(job_id: JobId, key: who) -> None:
        """Erase the answer now, or cancel the photo."""
        jobs.forget(found(key, job_id))

    return router


def _known(keys: ApiKeys) -> Callable[..., ApiKey]:
    """A dependency that lets in only clients with a known key."""
    bearer = HTTPBearer(auto_error=False, description="an API key")

    def known(given: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]) -> ApiKey:
        key = keys.find(given.credentials) if given is not None else None
        if key is None:
            raise Problem(
                HTTPStatus.UNAUTHORIZED,
                "no_key",
                "Send an API key that this service knows, as Authorization: Bearer KEY.",
                headers={"WWW-Authenticate": "Bearer"},
            )
        return key

    return known


def _answers(text: str) -> PersonAnswers:
    try:
        return PersonAnswers.model_validate_json(text or "{}")
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "bad_answers", f"answers: {place}: {first['msg']}") from None


def _language(code: str) -> str:
    if code not in LANGUAGES:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "bad_language", "language: en or ru")
    return code


def _report(wish: str) -> bool:
    if wish not in ("no", "yes"):
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "bad_report", "report: no or yes")
    return wish == "yes"


def _answer(job: Job, missed: Mapping[Domain, float]) -> Response:
    if job.task.done():
        return JSONResponse(analysis_body(job, job.answer, missed).model_dump(mode="json"))
    waiting = waiting_body(job)
    headers = {"Location": address(job), "Retry-After": str(max(1, round(waiting.seconds)))}
    return JSONResponse(waiting.model_dump(mode="json"), HTTPStatus.ACCEPTED, headers)

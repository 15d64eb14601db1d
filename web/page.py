"""The web page: a form, and the answer to it. It works without JavaScript and stores nothing."""

import asyncio
from base64 import b64encode
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from ipaddress import ip_address, ip_network
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import ValidationError

from inference.analysis import Risk
from inference.domains import Domain
from inference.drawing import verdict
from inference.drawing.words import action
from inference.pipeline.answers import QUESTIONS
from web import texts
from web.answers import PersonAnswers
from web.i18n import LANGUAGES, preferred, translator
from web.jobs import Jobs
from web.problems import Problem
from web.rates import RateLimiter
from web.rendering import TEMPLATES
from web.reports import Answer
from web.uploads import Upload, Uploads

PHOTOS_A_MINUTE: Final = 10
CONSENTS: Final = ("adult", "agree")
FIELDS: Final = frozenset({*CONSENTS, *QUESTIONS, "age", "region", "report"})

_FOLDER: Final = Path(__file__).parent


class Page:
    """The page in every language.

    Args:
        jobs: analyse photos.
        uploads: read forms.
        rates: limits how often somebody may send a form.
        operator: who runs the service.
        missed: share of the melanomas that get a low answer, by kind of photo.
    """

    def __init__(
        self,
        jobs: Jobs,
        uploads: Uploads,
        rates: RateLimiter,
        operator: str | None,
        missed: Mapping[Domain, float],
    ) -> None:
        self._jobs = jobs
        self._uploads = uploads
        self._rates = rates
        self._operator = operator
        self._missed = missed

    def show(
        self,
        language: str,
        *,
        answer: Answer | None = None,
        problem: Problem | None = None,
        given: Mapping[str, str] = MappingProxyType({}),
    ) -> Response:
        """The page with an answer, or with the form. The form keeps its values, and a problem is shown above it."""
        html = TEMPLATES.get_template("page.html").render(
            _=translator(language),
            language=language,
            languages=LANGUAGES,
            operator=self._operator,
            error=None if problem is None else texts.error_in_words(problem.code, language),
            answer=None if answer is None else _in_words(answer, self._missed, language),
            given=defaultdict(str, given),
            regions=texts.regions(language),
            questions=texts.questions(language),
        )
        if problem is None:
            return HTMLResponse(html)
        return HTMLResponse(html, problem.status, problem.headers)

    def speaking(self, language: str) -> Callable[[Request], Awaitable[Response]]:
        """A handler of requests in a language."""

        async def respond(request: Request) -> Response:
            return await self.answer(request, language) if request.method == "POST" else self.show(language)

        return respond

    async def answer(self, request: Request, language: str) -> Response:
        """The page with the answer to a form, or with its problem."""
        given: Mapping[str, str] = {}
        try:
            upload = await self._received(request)
            given = upload.fields
            return self.show(language, answer=await self._read(sender(request), upload, language))
        except Problem as problem:
            return self.show(language, problem=problem, given=given)

    async def _received(self, request: Request) -> Upload:
        owner = sender(request)
        wait = self._rates.take(owner, PHOTOS_A_MINUTE)
        if wait:
            raise Problem(HTTPStatus.TOO_MANY_REQUESTS, "too_often", "Wait a minute.", retry_after=wait)
        return await self._uploads.read(request, owner, FIELDS)

    async def _read(self, owner: str, upload: Upload, language: str) -> Answer:
        if not all(upload.fields.get(consent) == "yes" for consent in CONSENTS):
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "no_consent", "Consent is missing.")
        if not upload.photo:
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "no_photo", "The photo is missing.")
        report = upload.fields.get("report") == "yes"
        job = self._jobs.start(owner, upload.photo, upload.name, language, _answers(upload.fields), report=report)
        try:
            await asyncio.wait({job.task})
            return job.answer
        finally:
            self._jobs.forget(job)


def setup(page: Page) -> APIRouter:
    """The routes of the page."""
    router = APIRouter(include_in_schema=False)
    style = (_FOLDER / "style.css").read_bytes()

    @router.get("/")
    async def choose(request: Request) -> Response:
        language = preferred(request.headers.get("accept-language", ""))
        return RedirectResponse(f"/{language}", HTTPStatus.SEE_OTHER, {"Vary": "Accept-Language"})

    @router.get("/style.css")
    async def appearance() -> Response:
        return Response(style, media_type="text/css", headers={"Cache-Control": "public, max-age=3600"})

    for language in LANGUAGES:
        router.add_route(f"/{language}", page.speaking(language), ["GET", "POST"])
    return router


def sender(request: Request) -> str:
    """The owner for the queue and the rate limit: an IPv4 address, or the /64 network of an IPv6 address."""
    try:
        address = ip_address(request.client.host if request.client else "")
    except ValueError:
        return "unknown"
    return str(address) if address.version == 4 else str(ip_network((address, 64), strict=False))


def _answers(given: Mapping[str, str]) -> dict[str, Any]:
    answered: dict[str, Any] = {name: given[name] == "yes" for name in QUESTIONS if given.get(name) in ("yes", "no")}
    answered |= {name: given[name] for name in ("age", "region") if given.get(name)}
    try:
        return PersonAnswers.model_validate(answered).given()
    except ValidationError:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "bad_answers", "An answer is unknown.") from None


def _in_words(answer: Answer, missed: Mapping[Domain, float], language: str) -> dict[str, Any]:
    _, reading = translator(language), answer.reading
    analysis = reading.analysis
    if analysis.label is None or analysis.risk is None or reading.annotated is None:
        assert analysis.refusal is not None
        title, help_ = verdict.refusal_in_words(analysis.refusal, language)
        return {"title": title, "advice": help_, "risk": None, "note": verdict.not_a_diagnosis(language)}
    share = missed.get(analysis.domain) if analysis.domain and analysis.risk is Risk.LOW else None
    stands_out = analysis.probabilities[analysis.label] >= verdict.STANDS_OUT
    likeliest = _("Most likely: {name}").format(name=verdict.plain_name(analysis.label, language))
    ranking = sorted(analysis.probabilities.items(), key=lambda item: -item[1])
    return {
        "title": action(analysis.risk, language),
        "advice": (
            verdict.no_warning_signs(language)
            if analysis.risk is Risk.LOW
            else verdict.group(analysis.probabilities, language)
        ),
        "several": verdict.several(1 + len(analysis.more_lesions), language),
        "missed": "" if share is None else verdict.missed(share, language),
        "kind": likeliest if stands_out else _("No single kind stands out"),
        "risk": analysis.risk.value,
        "shares": [(verdict.plain_name(name, language), verdict.percent(each, language)) for name, each in ranking],
        "picture": _embedded("image/jpeg", reading.annotated),
        "report": None if answer.report is None else _embedded("application/pdf", answer.report),
        "note": verdict.not_a_diagnosis(language),
    }


def _embedded(kind: str, content: bytes) -> str:
    """A file inside the page, so that it need not be kept until it is fetched."""
    return f"data:{kind};base64,{b64encode(content).decode()}"

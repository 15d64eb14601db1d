"""Errors as `application/problem+json` (RFC 9457)."""

import logging
import math
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from storage.errors import StorageError, StorageUnavailable

logger = logging.getLogger(__name__)

MEDIA_TYPE: Final = "application/problem+json"


class ProblemBody(BaseModel):
    """What went wrong."""

    type: str = Field(default="about:blank")
    title: str = Field(description="the status in words")
    status: int
    detail: str = Field(description="what to change")
    code: str = Field(description="the same for programs")


class Problem(Exception):
    """An error for the client.

    Args:
        status: of HTTP.
        code: text for programs.
        detail: text for people.
        retry_after: in how many seconds to try again.
        headers: additional headers.
    """

    def __init__(
        self,
        status: HTTPStatus,
        code: str,
        detail: str,
        *,
        retry_after: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.headers = dict(headers or {})
        if retry_after is not None:
            self.headers["Retry-After"] = str(max(1, math.ceil(retry_after)))


def described(*statuses: HTTPStatus) -> dict[int | str, dict[str, Any]]:
    """A route's errors for the OpenAPI document."""
    content = {MEDIA_TYPE: {"schema": ProblemBody.model_json_schema()}}
    return {int(status): {"description": status.phrase, "content": content} for status in statuses}


def install(app: FastAPI) -> None:
    """Make an application answer every error this way, including the framework's own errors."""

    @app.exception_handler(Problem)
    async def ours(_request: Request, problem: Problem) -> JSONResponse:
        return _answer(problem.status, problem.code, problem.detail, problem.headers)

    @app.exception_handler(HTTPException)
    async def the_framework_s(request: Request, error: HTTPException) -> JSONResponse:
        status, headers = HTTPStatus(error.status_code), dict(error.headers or {})
        # The framework lists the methods of one route, but a path may have several routes.
        if "Allow" in headers and (methods := _methods(app, request.url.path)):
            headers["Allow"] = ", ".join(methods)
        return _answer(status, status.name.lower(), str(error.detail), headers)

    @app.exception_handler(RequestValidationError)
    async def malformed(_request: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        return _answer(
            HTTPStatus.UNPROCESSABLE_ENTITY, "malformed", f"{'.'.join(map(str, first['loc']))}: {first['msg']}", {}
        )

    @app.exception_handler(StorageError)
    @app.exception_handler(StorageUnavailable)
    async def unreadable(_request: Request, error: Exception) -> JSONResponse:
        # Neither names a person.
        logger.error("the database cannot be read: %s", error)
        return _answer(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", "Please try again in a minute.", {})

    @app.exception_handler(Exception)
    async def unforeseen(_request: Request, _error: Exception) -> JSONResponse:
        # Starlette logs the error. The client gets no details.
        return _answer(HTTPStatus.INTERNAL_SERVER_ERROR, "failed", "Something broke here. Please try again.", {})


def _methods(app: FastAPI, path: str) -> list[str]:
    """The methods that the OpenAPI document lists for a path."""
    paths = app.openapi()["paths"].items()
    return sorted(method.upper() for known, item in paths if compile_path(known)[0].match(path) for method in item)


def _answer(status: HTTPStatus, code: str, detail: str, headers: Mapping[str, str]) -> JSONResponse:
    body = ProblemBody(title=status.phrase, status=int(status), detail=detail, code=code)
    return JSONResponse(body.model_dump(), int(status), dict(headers), MEDIA_TYPE)

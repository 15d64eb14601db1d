"""Monitoring for an operator and an orchestrator: liveness, readiness, metrics. No data on people."""

import asyncio
import time
from http import HTTPStatus

from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from inference.engine.engine import Engine, PhotoError
from web.reports import Answer


class Metrics:
    """Counters of one application."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter("web_requests", "Requests answered", ["method", "status"], registry=self._registry)
        self._photos = Counter("web_photos", "Photos by what became of them", ["outcome"], registry=self._registry)
        self._seconds = Histogram(
            "web_photo_seconds",
            "From a photo's arrival to its answer",
            buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120),
            registry=self._registry,
        )
        self._waiting = Gauge("web_photos_waiting", "Photos that wait or are being read", registry=self._registry)

    def count(self, task: asyncio.Task[Answer]) -> None:
        """Count a photo by the outcome of its task."""
        began = time.monotonic()
        self._waiting.inc()

        def ended(task: asyncio.Task[Answer]) -> None:
            self._waiting.dec()
            self._seconds.observe(time.monotonic() - began)
            self._photos.labels(_outcome(task)).inc()

        task.add_done_callback(ended)

    def counting(self, app: ASGIApp) -> ASGIApp:
        """Wrap an application to count its answers."""

        async def counted(scope: Scope, receive: Receive, send: Send) -> None:
            async def watched(message: Message) -> None:
                if message["type"] == "http.response.start":
                    # An invented method must not become a new time series.
                    method = scope["method"] if scope["method"] in {"GET", "HEAD", "POST", "DELETE"} else "other"
                    self._requests.labels(method, str(message["status"])).inc()
                await send(message)

            await app(scope, receive, watched)

        return counted

    def exposition(self) -> bytes:
        """All metrics in the text format of Prometheus."""
        return generate_latest(self._registry)


def _outcome(task: asyncio.Task[Answer]) -> str:
    if task.cancelled():
        return "given_up"
    error = task.exception()
    if error is None:
        return "refused" if task.result().reading.analysis.refusal else "answered"
    return "unreadable" if isinstance(error, PhotoError) else "failed"


def setup(engine: Engine, metrics: Metrics) -> APIRouter:
    """The routes for monitoring. A proxy in front must hide them from the public."""
    router = APIRouter(include_in_schema=False)

    @router.get("/healthz")
    async def alive() -> PlainTextResponse:
        return PlainTextResponse("ok\n")

    @router.get("/readyz")
    async def ready() -> PlainTextResponse:
        if engine.ready:
            return PlainTextResponse("ready\n")
        return PlainTextResponse("no worker is ready\n", HTTPStatus.SERVICE_UNAVAILABLE)

    @router.get("/metrics")
    async def figures() -> Response:
        return Response(metrics.exposition(), media_type=CONTENT_TYPE_LATEST)

    return router

"""The web application: its parts wired together around an engine."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from fastapi import FastAPI
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from inference.engine.engine import DEFAULT_WEIGHTS, Engine
from inference.registry.performance import melanomas_missed
from web import api, page, problems, watching
from web.jobs import Jobs
from web.keys import ApiKeys
from web.mini_app import routes
from web.mini_app.routes import MiniApp
from web.rates import RateLimiter
from web.reports import Reports
from web.uploads import Uploads

VERSION: Final = "1"
WAIT_SECONDS: Final = 20.0

_SECURITY: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; img-src data:; style-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def create_app(
    engine: Engine,
    keys: ApiKeys,
    operator: str | None = None,
    *,
    weights: Path = DEFAULT_WEIGHTS,
    uploads: Uploads | None = None,
    wait_seconds: float = WAIT_SECONDS,
    mini_app: MiniApp | None = None,
) -> ASGIApp:
    """The application. It analyses photos with a running engine.

    Args:
        engine: started, and later stopped, by the caller.
        keys: who may use the API.
        operator: who runs the service, for the page.
        weights: folder of the registry that the engine serves from.
        uploads: how forms are read.
        wait_seconds: how long the API waits for an answer before it returns a job's number instead.
        mini_app: the page inside Telegram; without it, its addresses answer with 404.
    """
    metrics, rates, uploads = watching.Metrics(), RateLimiter(), uploads or Uploads()
    jobs = Jobs(engine, Reports(weights, operator), metrics)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        await jobs.stop()
        if mini_app is not None:
            await mini_app.records.close()

    app = FastAPI(
        title="Skin lesion triage",
        version=VERSION,
        description="Triage of photos of skin lesions. It is not a diagnosis and not a medical device.",
        license_info={"name": "AGPL-3.0-or-later", "identifier": "AGPL-3.0-or-later"},
        openapi_url="/v1/openapi.json",
        # No interactive documentation, because its pages load scripts from other sites.
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    problems.install(app)
    missed = melanomas_missed(weights)
    app.include_router(api.setup(jobs, uploads, keys, rates, missed, wait_seconds))
    app.include_router(page.setup(page.Page(jobs, uploads, rates, operator, missed)))
    app.include_router(watching.setup(engine, metrics))
    if mini_app is not None:
        app.include_router(routes.setup(mini_app, rates))
    return metrics.counting(_hardened(app))


def _hardened(app: ASGIApp) -> ASGIApp:
    """Add headers, so that no other site may frame or read an answer and no cache stores it.

    A route may set others.
    """

    async def hardened(scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _SECURITY.items():
                    headers.setdefault(name, value)
            await send(message)

        await app(scope, receive, with_headers)

    return hardened

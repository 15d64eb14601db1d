"""The web service over real HTTP: a process with the released networks, or this process with a test's pool."""

import asyncio
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import uvicorn
from aiohttp import ClientResponse
from starlette.types import ASGIApp

from benchmarks.load.processes import environment
from inference.analysis import Analysis, Quality, Refusal
from inference.drawing.words import CaptionOptions
from inference.engine.engine import AnnotatedAnalysis, Explanation, ServedModel
from web.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT_S = 60


@contextmanager
def process(log: Path, **settings: str) -> Iterator[str]:
    """`python -m web` on a free port; yields its address once it is ready."""
    ours = dict.fromkeys((name.upper() for name in Settings.model_fields), "")
    with log.open("wb") as file:
        running = subprocess.Popen(
            [sys.executable, "-m", "web"],
            env=environment() | ours | {"WEB_PORT": "0"} | settings,
            stdout=file,
            stderr=file,
            cwd=log.parent,
        )
    try:
        yield _address(running, log)
    finally:
        running.terminate()
        running.wait(timeout=TIMEOUT_S)


def _address(running: subprocess.Popen[bytes], log: Path) -> str:
    give_up = time.monotonic() + TIMEOUT_S
    while time.monotonic() < give_up and running.poll() is None:
        found = re.search(r"running on (http://[\d.:]+)", log.read_text())
        if found:
            return found[1]
        time.sleep(0.1)
    raise RuntimeError(log.read_text())


async def received(sending: Awaitable[ClientResponse]) -> ClientResponse:
    """The response with its whole body: its connection is given back then."""
    response = await sending
    await response.read()
    return response


@asynccontextmanager
async def served(app: ASGIApp) -> AsyncIterator[str]:
    """An application on a free port of this process."""
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, lifespan="on", timeout_graceful_shutdown=1)
    )
    server.config.load()
    server.lifespan = server.config.lifespan_class(server.config)
    await server.startup()
    running = asyncio.create_task(server.main_loop())
    [port] = {each.getsockname()[1] for one in server.servers for each in one.sockets}
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await running
        await server.shutdown()


class PoolOnCommand:
    """Waits for `go`, then refuses every photo as blurred, returns the `reading`, or raises `error`."""

    models: tuple[ServedModel, ...] = ()
    size = 1
    ready = True

    def __init__(self, error: Exception | None = None, reading: AnnotatedAnalysis | None = None) -> None:
        self.go = asyncio.Event()
        self.error = error
        self.reading = reading

    def seconds(self, photos: int) -> float:
        return 3.0 * photos

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def read(self, data: bytes, options: CaptionOptions) -> AnnotatedAnalysis:
        await self.go.wait()
        if self.error is not None:
            raise self.error
        if self.reading is not None:
            return self.reading
        quality = Quality(width=600, height=450, sharpness=0.0, brightness=0.5)
        return AnnotatedAnalysis(Analysis(None, {}, None, quality, Refusal.BLURRED, risk=None), None)

    async def explain(self, data: bytes, options: CaptionOptions) -> Explanation:
        raise NotImplementedError

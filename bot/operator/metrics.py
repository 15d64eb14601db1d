"""The bot's metrics for Prometheus. They have no data on people."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from bot.errors import StartupError
from inference.engine.engine import Engine
from storage.records import Outcome

SECONDS = (0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300)


class Metrics:
    """Counters of one process."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._updates = Counter("bot_updates", "Updates by kind", ["kind"], registry=self._registry)
        self._answers = Counter("bot_answers", "Photos by what became of them", ["outcome"], registry=self._registry)
        self._refusals = Counter(
            "bot_refusals", "Photos without a class by reason", ["reason"], registry=self._registry
        )
        self._seconds = Histogram(
            "bot_answer_seconds", "From a photo's arrival to its answer", buckets=SECONDS, registry=self._registry
        )
        self._waiting = Gauge("bot_photos_waiting", "Photos that wait or are being read", registry=self._registry)
        self._active = Gauge(
            "bot_active", "1 in the process that handles updates, 0 in a standby", registry=self._registry
        )
        self._passed_over = Counter(
            "bot_updates_passed_over", "Recorded updates that nobody could read", registry=self._registry
        )

    def watch(self, engine: Engine) -> None:
        """Tell how many photos wait for this engine, from now on."""
        self._waiting.set_function(lambda: engine.waiting)

    @contextmanager
    def active(self) -> Iterator[None]:
        """Tell in this block that this process handles updates."""
        self._active.set(1)
        try:
            yield
        finally:
            self._active.set(0)

    def pass_over(self) -> None:
        """Count an update that nobody can read."""
        self._passed_over.inc()

    def count_update(self, kind: str) -> None:
        """Count an update."""
        self._updates.labels(kind).inc()

    def count_answer(self, outcome: Outcome, reason: str | None, arrived: datetime) -> None:
        """Count a photo that was answered, was refused for a reason, or failed."""
        self._answers.labels(outcome).inc()
        if reason is not None:
            self._refusals.labels(reason).inc()
        self._seconds.observe((datetime.now(UTC) - arrived).total_seconds())

    def exposition(self) -> bytes:
        """All metrics in the text format of Prometheus."""
        return generate_latest(self._registry)


class MetricsServer:
    """A context that serves the metrics at `/metrics`. Raises StartupError if the port is used."""

    def __init__(self, metrics: Metrics, host: str, port: int) -> None:
        self._metrics = metrics
        self._address = host, port
        self._runner: web.AppRunner | None = None

    @property
    def port(self) -> int:
        """The port on which it listens."""
        if self._runner is None:
            raise RuntimeError("it does not listen")
        return int(self._runner.addresses[0][1])

    async def __aenter__(self) -> "MetricsServer":
        application = web.Application()
        application.add_routes([web.get("/metrics", self._answer)])
        self._runner = web.AppRunner(application, access_log=None)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, *self._address).start()
        except OSError as error:
            await self._runner.cleanup()
            raise StartupError(
                f"METRICS_PORT: cannot listen on {self._address[0]}:{self._address[1]} ({error.strerror}): "
                "set another one"
            ) from None
        return self

    async def __aexit__(self, *_error: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _answer(self, _request: web.Request) -> web.Response:
        return web.Response(body=self._metrics.exposition(), headers={"Content-Type": CONTENT_TYPE_LATEST})

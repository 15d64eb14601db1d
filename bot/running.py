"""Runs the bot: by long polling, or as a replica behind a webhook."""

from contextlib import AbstractAsyncContextManager, nullcontext

from bot.composition import compose
from bot.operator.metrics import Metrics, MetricsServer
from bot.operator.releases import chosen_classifier
from bot.replicas import Replica
from bot.settings import Settings
from bot.startup import await_database, open_telegram, start_engine
from bot.telegram.rate_limit import PACE, Pace
from bot.ui.i18n import load_i18n


async def run(settings: Settings, pace: Pace = PACE) -> None:
    """Serve until SIGTERM or SIGINT. Raises StartupError if the bot cannot run with these settings."""
    i18n, metrics = load_i18n(), Metrics()
    async with open_telegram(settings) as reachable:
        address = reachable.webhook
        if address is not None:
            async with _metrics_server(settings, metrics):
                await Replica(reachable, address, i18n, metrics, pace).run()
            return
        async with (
            await_database(settings) as database,
            start_engine(settings, await chosen_classifier(database.staff, settings.weights_dir)) as engine,
            compose(reachable, database, engine, i18n, pace=pace, metrics=metrics) as application,
            _metrics_server(settings, metrics),
        ):
            if settings.bot_token is None:
                print(f"\n  Chat page: {reachable.telegram_api_url}/\n", flush=True)
            await application.serve()


def _metrics_server(settings: Settings, metrics: Metrics) -> AbstractAsyncContextManager[object]:
    if settings.metrics_port is None:
        return nullcontext()
    return MetricsServer(metrics, settings.metrics_host, settings.metrics_port)

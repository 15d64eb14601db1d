"""The figures for Prometheus, fetched over HTTP as it fetches them."""

import asyncio
from pathlib import Path

import aiohttp
import pytest

from bot.errors import StartupError
from bot.operator.metrics import Metrics, MetricsServer
from bot.samples import sample
from inference.analysis import Analysis, Quality, Refusal
from inference.drawing.words import CaptionOptions
from inference.engine.engine import AnnotatedAnalysis, Engine
from tests.bot.pools import IdlePool
from tests.bot.stage import EMMA, Stage, open_stage


class RefusingPool(IdlePool):
    """Finds every photo blurred."""

    async def read(self, data: bytes, plate: CaptionOptions) -> AnnotatedAnalysis:
        quality = Quality(width=600, height=450, sharpness=0.0, brightness=0.5)
        return AnnotatedAnalysis(Analysis(None, {}, None, quality, Refusal.BLURRED, risk=None), None)


async def answers_counted(stage: Stage, line: str) -> list[str]:
    """The lines that Prometheus gets, once this one is among them."""
    async with MetricsServer(stage.application.metrics, "127.0.0.1", 0) as server, aiohttp.ClientSession() as http:
        async with asyncio.timeout(20):
            while True:
                async with http.get(f"http://127.0.0.1:{server.port}/metrics") as response:
                    assert response.content_type == "text/plain"
                    figures = (await response.text()).splitlines()
                if line in figures:
                    return figures


async def test_prometheus_is_told_of_updates_answers_and_refusals_and_of_no_person(tmp_path: Path) -> None:
    async with open_stage(tmp_path, Engine(RefusingPool())) as stage:
        await stage.audience(EMMA)
        await stage.people.send_photos(EMMA, [sample("mole")])
        await stage.reply(EMMA, "blurred")
        figures = await answers_counted(stage, "bot_answer_seconds_count 1.0")
    assert 'bot_updates_total{kind="message"} 2.0' in figures
    assert 'bot_answers_total{outcome="refused"} 1.0' in figures
    assert 'bot_refusals_total{reason="blurred"} 1.0' in figures
    assert any(each.startswith("bot_photos_waiting ") for each in figures)
    assert str(EMMA) not in "\n".join(figures)


async def test_a_port_that_is_taken_stops_the_start_with_one_line() -> None:
    metrics = Metrics()
    async with MetricsServer(metrics, "127.0.0.1", 0) as first:
        with pytest.raises(StartupError, match=r"METRICS_PORT: cannot listen on 127\.0\.0\.1"):
            async with MetricsServer(metrics, "127.0.0.1", first.port):
                pass

"""The measurement of workers: real processes on real PostgreSQL, and the figures made of it."""

import asyncio
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from benchmarks.load.servers import Server
from benchmarks.scaling.measuring import Alone, Point, Sizes, asking, kept_answer, point, sizes, workers
from benchmarks.scaling.paper import Measured, breaking, demand
from benchmarks.scaling.report import on_paper, write
from bot.samples import sample
from inference.analysis import Analysis, Quality, Refusal
from inference.engine.tasks import AnnotatedAnalysis
from tests.storage.servers import any_server, server

__all__ = ["any_server", "server"]

ANSWER = AnnotatedAnalysis(
    Analysis(None, {}, None, Quality(width=600, height=450, sharpness=0.0, brightness=0.5), Refusal.BLURRED, risk=None),
    None,
)


def measured() -> Measured:
    """Round figures: a photo takes half a second of one core, and the queue a fiftieth of that."""
    once = Alone(0.5, 0.5, ANSWER)
    points = (
        Point(1, False, 20, 1.9, 0.52, 0.002, 0.004, 0.5),
        Point(1, True, 20, 1.96, 0.51, 0.002, 0.004, 0.004),
        Point(4, True, 80, 7.6, 0.52, 0.002, 0.004, 0.004),
    )
    return Measured(once, points, Sizes(100_000, 50_000, 2_000))


def test_what_a_million_photos_take_follows_from_the_figures() -> None:
    rows = dict(demand(measured(), price=0.1))
    assert rows["photos a second, mean of the day / busiest hour"] == "11.6 / 34.7"
    assert rows["core-hours a day for the networks"] == "139"
    # 11.57 photos of half a second each, at 95 % of what is possible.
    assert rows["workers like this machine, mean / busiest hour"] == "7 / 19"
    assert rows["through the queue in the busiest hour"] == "5.2 MB/s"
    assert rows["kept in the database"] == "2.0 GB a day, 0.73 TB a year"
    assert rows["cost of the core-hours"] == "14 a day at 0.1 a core-hour"
    assert not [name for name, _ in demand(measured(), price=None) if "cost" in name]


def test_what_breaks_first_comes_first() -> None:
    rates = [rate for _, rate in breaking(measured())]
    assert rates == sorted(rates)
    assert breaking(measured())[0] == ("this bot's own pace, 25 messages a second", 25.0)


def test_the_page_says_what_was_measured_and_what_was_modelled(tmp_path: Path) -> None:
    page = tmp_path / "scaling.md"
    page.write_text(
        "kept\n<!-- scaling: begin -->\n<!-- scaling: end -->\n<!-- paper: begin -->\n<!-- paper: end -->\n"
    )
    write(measured(), tmp_path, "beside a test", None)
    text = page.read_text()
    assert text.startswith("kept\n") and "beside a test" in text
    assert "| 1 | the networks | 1.90 | 95% |" in text and "| 4 | a sleep | 7.60 | 95% |" in text
    assert "The queue adds 10.0 ms" in text and "2.16 M" in "\n".join(on_paper(measured(), None))
    assert (tmp_path / "scaling.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.timeout(300)
async def test_workers_that_sleep_answer_through_the_real_queue(server: Server, tmp_path: Path) -> None:
    key = Fernet.generate_key()
    url = server.new_database().render_as_string(hide_password=False)
    settings = {"DATABASE_URL": url, "DATA_KEY": key.decode()}
    command = (
        "-m",
        "benchmarks.scaling.sleeper",
        "0.05",
        str(await asyncio.to_thread(kept_answer, ANSWER, tmp_path / "a")),
    )
    with workers(2, settings, tmp_path, *command) as processes:
        async with asking(settings, 2) as pool:
            found = await point(pool, sample("mole"), 1.0, server, processes, modelled=True)
    assert found.workers == 2 and found.photos > 1 and found.seconds >= 0.05
    assert found.rate <= 2 / 0.05
    spent = found.asking_core_seconds, found.database_core_seconds, found.worker_core_seconds
    assert all(each > 0 for each in spent)
    kept = await sizes(sample("mole"), ANSWER, server.new_database(), key)
    assert kept.question > len(sample("mole")) and 200 < kept.kept < 20_000

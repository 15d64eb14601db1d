"""Prints the figures, and writes them as a table into docs/load.md."""

import platform
import sys
from collections.abc import Sequence, Set
from datetime import UTC, datetime
from pathlib import Path

import psutil

from benchmarks.load.chats import Sent
from benchmarks.load.crowd import Crowd
from benchmarks.load.meters import Memory, loop_delays
from benchmarks.load.processes import ROOT
from benchmarks.markers import replaced
from bot.results import FAILURES, Reason, Result, Trouble
from bot.sandbox.client import words
from bot.ui.i18n import LANGUAGES, load_i18n
from bot.ui.replies import headline

TURNED_AWAY: Set[Reason] = {Trouble.BUSY, Trouble.TOO_MANY}
PAGE = ROOT / "docs" / "load.md"
LONG_WAIT_SECONDS = 5.0

Row = tuple[str, str]


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` (0..1) of the values do not exceed; nan without values."""
    if not values:
        return float("nan")
    ordered = sorted(values)
    return ordered[max(0, -int(-share * len(ordered) // 1) - 1)]


def spread(values: Sequence[float], unit: str = "s", digits: int = 1) -> str:
    """p50, p95, p99 and the longest."""
    shares = [quantile(values, share) for share in (0.5, 0.95, 0.99, 1.0)]
    return " / ".join(f"{each:.{digits}f}" for each in shares) + f" {unit}"


def of_photos(sent: Sequence[Sent]) -> list[Row]:
    """Throughput, time to reply, fairness, and the numbers of lost and doubled answers."""
    answered = [each for each in sent if each.answered_at is not None]
    singles = [each.seconds for each in answered if each.photos == 1 and each.seconds is not None]
    albums = [each.seconds for each in answered if each.photos > 1 and each.seconds is not None]
    began = min(each.at for each in sent)
    ended = max((each.answered_at for each in answered if each.answered_at is not None), default=began)
    photos = sum(each.photos for each in answered)
    long_waits = [each for each in answered if (each.seconds or 0) > LONG_WAIT_SECONDS]
    shown = [each.place_shown_at - each.at for each in long_waits if each.place_shown_at is not None]
    rows = [
        ("photos sent, in messages", f"{sum(each.photos for each in sent)} in {len(sent)}"),
        ("throughput", f"{photos / max(ended - began, 1e-9):.2f} photos a second over {ended - began:.0f} s"),
        ("photo to reply, p50 / p95 / p99 / longest", spread(singles)),
        ("album to reply, p50 / p95 / p99 / longest", spread(albums) if albums else "no albums"),
        ("who waited over 5 s and was told their place", f"{len(shown)} of {len(long_waits)}"),
        ("until the place was told, p50 / p95 / p99 / longest", spread(shown) if shown else "nobody had to wait"),
    ]
    turned_away, apologies = _said(sent, TURNED_AWAY), _said(sent, FAILURES - TURNED_AWAY)
    return [
        *rows,
        ("answered with: too many photos / an apology", f"{turned_away} / {apologies}"),
        ("lost / doubled answers", "{} / {}".format(*faults(sent))),
    ]


def _said(sent: Sequence[Sent], reasons: Set[Reason]) -> int:
    """How many photos and albums were answered with one of these reasons, in any language."""
    i18n, titles = load_i18n(), set()
    for language in LANGUAGES:
        with i18n.context(), i18n.use_locale(language):
            titles |= {headline(Result(reason=each)).partition(" ")[2] for each in reasons}
    return sum(any(words(reply).partition("\n")[0] in titles for reply in each.replies) for each in sent)


def of_turns(sent: Sequence[Sent]) -> list[Row]:
    """Whether people with one photo had to wait for people with albums."""
    first = min(each.at for each in sent)
    singles = [each.answered_at - first for each in sent if each.photos == 1 and each.answered_at is not None]
    albums = [each.answered_at - first for each in sent if each.photos > 1 and each.answered_at is not None]
    if not singles or not albums:
        return []
    times = f"{max(singles):.0f} / {min(albums):.0f} / {max(albums):.0f} s"
    return [("last single photo answered / first album / last album", times)]


def faults(sent: Sequence[Sent]) -> tuple[int, int]:
    """How many photos and albums were never answered, and how many more than once."""
    return sum(each.answers == 0 for each in sent), sum(each.answers > 1 for each in sent)


def print_doubled(sent: Sequence[Sent]) -> None:
    """Print all answers to each photo or album that was answered more than once, with their times."""
    for each in (each for each in sent if each.answers > 1):
        said = [f"{reply['date']} {words(reply)[:60]!r}" for reply in each.replies]
        print(f"doubled: messages {each.message_ids} of {each.person}: {said}", file=sys.stderr)


def of_chat(crowd: Crowd) -> list[Row]:
    """The times of /help and /history."""
    rows = [
        (f"{command}, p50 / p95 / p99 / longest of {len(took)}", spread([each * 1000 for each in took], "ms", 0))
        for command, took in crowd.asked.items()
    ]
    return [*rows, ("commands not answered", str(crowd.unanswered))] if crowd.unanswered else rows


def of_process(memory: Memory, log: str) -> list[Row]:
    """Memory and event loop of the bot."""
    p99s, worsts = loop_delays(log)
    workers = max((len(each.workers) for each in memory.samples), default=0)
    return [
        (
            "event loop delay: median of the p99 of 5 s / highest p99 / worst",
            f"{quantile(p99s, 0.5):.0f} / {max(p99s, default=0):.0f} / {max(worsts, default=0):.0f} ms",
        ),
        ("most memory, the bot / its workers", f"{memory.peak('bot'):.0f} MB / {memory.peak('workers'):.0f} MB"),
        ("workers", str(workers)),
    ]


def machine() -> str:
    """Processor, cores, memory and Python of this machine."""
    name = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = cpuinfo.read_text(encoding="utf-8").splitlines()
        name = next((line.partition(": ")[2] for line in lines if line.startswith("model name")), name)
    memory = psutil.virtual_memory().total / 2**30
    return f"{name}, {psutil.cpu_count()} cores, {memory:.0f} GB, Python {platform.python_version()}"


def publish(section: str, title: str, rows: Sequence[Row], path: Path = PAGE) -> None:
    """Print the figures, and replace the section's earlier figures, by default in docs/load.md."""
    print(f"\n{title}")
    width = max(len(name) for name, _value in rows)
    for name, value in rows:
        print(f"  {name:<{width}}  {value}")
    today = datetime.now(UTC).date().isoformat()
    table = "\n".join(["| figure | value |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows)])
    page = path.read_text(encoding="utf-8")
    path.write_text(replaced(page, section, f"{title}. {today}, {machine()}.\n\n{table}"), encoding="utf-8")

"""Writes the plot and the tables of docs/scaling.md."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from matplotlib.figure import Figure

from benchmarks.machine import machine
from benchmarks.markers import replaced
from benchmarks.scaling.paper import PEAK, Measured, breaking, demand
from models.evaluation.plots import save

PAGE: Final = "scaling.md"
PLOT: Final = "scaling.png"


def write(measured: Measured, folder: Path, beside: str, price: float | None) -> None:
    """Write plot and tables into a folder with the page. Text outside the markers stays.

    Args:
        measured: what the tables are made of.
        folder: of the page.
        beside: what else used the machine, in words.
        price: of a core for an hour.
    """
    draw(measured, folder / PLOT)
    path = folder / PAGE
    page = path.read_text(encoding="utf-8")
    for name, lines in (("scaling", figures(measured, beside)), ("paper", on_paper(measured, price))):
        page = replaced(page, name, "\n".join(lines))
    path.write_text(page, encoding="utf-8")


def figures(measured: Measured, beside: str) -> list[str]:
    """What was measured."""
    alone, sizes = measured.alone, measured.sizes
    lines = [
        f"{datetime.now(UTC).date()}, {machine()}, {beside}.",
        "",
        f"A photo alone, without a queue: {1000 * alone.seconds:.0f} ms, {1000 * alone.core_seconds:.0f} ms of "
        f"processor time. The queue adds {1000 * measured.overhead:.1f} ms (one sleeping worker). In the queue the "
        f"photo has {sizes.question / 1e3:.0f} kB and its answer {sizes.answer / 1e3:.0f} kB; the database keeps "
        f"{sizes.kept:,} bytes.",
        "",
        "| workers | analysis | photos a second | of as many without a queue | a photo, mean | processor time a photo: "
        "bot's side / PostgreSQL / workers |",
        "|---:|---|---:|---:|---:|---:|",
    ]
    for each in measured.points:
        share = each.rate * alone.seconds / each.workers
        spent = each.asking_core_seconds, each.database_core_seconds, each.worker_core_seconds
        lines.append(
            f"| {each.workers} | {'a sleep' if each.modelled else 'the networks'} | {each.rate:.2f} | {share:.0%} "
            f"| {1000 * each.seconds:.0f} ms | {' / '.join(f'{1000 * part:.1f}' for part in spent)} ms |"
        )
    return lines


def on_paper(measured: Measured, price: float | None) -> list[str]:
    """What a million photos a day take, and what breaks first."""
    lines = ["| a million photos a day | |", "|---|---:|"]
    lines += [f"| {name} | {value} |" for name, value in demand(measured, price)]
    lines += [
        "",
        "| what breaks, the first first | photos a second | photos a day, evenly | with a busy hour |",
        "|---|---:|---:|---:|",
    ]
    for name, rate in breaking(measured):
        a_day = rate * 86_400
        lines.append(f"| {name} | {rate:,.1f} | {a_day / 1e6:,.2f} M | {a_day / PEAK / 1e6:,.2f} M |")
    return lines


def draw(measured: Measured, path: Path) -> None:
    """Photos a second against workers: measured with the networks, and with a sleep in their place."""
    figure = Figure(figsize=(6.4, 3.8), layout="constrained", dpi=110)
    axes = figure.subplots()
    most = measured.last.workers
    ideal = [number / measured.alone.seconds for number in range(1, most + 1)]
    axes.plot(range(1, most + 1), ideal, color="#9aa5b1", linestyle="--", label="without a queue, on as many machines")
    kinds = (
        (True, "o", "#2a78b8", "modelled: a sleep of a photo's time"),
        (False, "s", "#d1793b", "measured: the networks, all on this machine"),
    )
    for modelled, marker, colour, label in kinds:
        points = [each for each in measured.points if each.modelled is modelled]
        axes.plot(
            [each.workers for each in points], [each.rate for each in points], marker=marker, color=colour, label=label
        )
    axes.set(xlabel="workers", ylabel="photos a second", ylim=(0, None), xticks=range(1, most + 1))
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25)
    axes.legend(frameon=False, fontsize=8)
    save(figure, path)

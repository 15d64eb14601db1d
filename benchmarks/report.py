"""Writes results as a Markdown table and as a plot."""

from pathlib import Path

from matplotlib.figure import Figure

from benchmarks.markers import replaced
from benchmarks.results import Results, Spread
from models.evaluation.plots import save

TEXT = "benchmark.md"
PLOT = "benchmark.png"
PART = "speed"
EMPTY = f"# Speed\n\n<!-- {PART}: begin -->\n<!-- {PART}: end -->\n"
COLOURS = {
    "decode": "#9aa5b1",
    "quality": "#c3a995",
    "gate": "#7fb2d9",
    "segment": "#2a78b8",
    "classify": "#d1793b",
    "draw": "#7fb069",
    "encode": "#5b7a6d",
}


def write(results: Results, folder: Path) -> Path:
    """Write plot and tables into a folder. Text outside the markers stays. Returns the path of the Markdown file."""
    folder.mkdir(parents=True, exist_ok=True)
    _plot(results, folder / PLOT)
    path = folder / TEXT
    page = path.read_text(encoding="utf-8") if path.exists() else EMPTY
    path.write_text(replaced(page, PART, _text(results)), encoding="utf-8")
    return path


def _text(results: Results) -> str:
    plain, alone, waiting = (Spread.of(values) for values in (results.plain, results.alone, results.waiting))
    rate = Spread.of([1000 / value for value in results.plain])
    at_rest = results.floor
    steps = [
        f"| {step} | {results.plain_steps.get(step, 0.0):.1f} | {milliseconds:.1f} | {results.share(step):.0%} |"
        for step, milliseconds in results.steps.items()
    ]
    memory = [f"| after {photos:,} photos | {size:.0f} MB |" for photos, size in results.memory.items()]
    goals = [
        ("(c) photos a second over (a)", f"{waiting.median / rate.median:.1f}", "8 at least"),
        ("(b) median over (a)'s", f"{alone.median / plain.median:.3f}", "0.2 at most"),
        ("(b) 95th percentile over its median", f"{alone.high / alone.median:.2f}", "1.3 at most"),
        ("(b) share of time in outline and class", f"{results.share('segment', 'classify'):.1%}", "85 % at least"),
        ("cold start to first answer", f"{Spread.of(results.cold).median:.1f} s", "below 5 s"),
        ("the process that reads photos", f"{max(results.memory.values()):.0f} MB", "below 600 MB, flat"),
    ]
    lines = [
        f"`make bench` on {results.machine}: {results.photos}. Medians; in brackets the 5th and the 95th percentile.",
        "",
        f"![Time a photo, the plain way and ours]({PLOT})",
        "",
        "| way | ms a photo | photos a second | against (a) | times its floor |",
        "|---|---|---|---|---|",
        f"| (a) the plain way | {plain.text()} | {rate.text()} | 1 | {plain.median / results.plain_floor:.1f} |",
        f"| (b) ours, one at a time | {alone.text()} | {1000 / alone.median:.1f} | "
        f"{plain.median / alone.median:.1f} | {alone.median / at_rest:.1f} |",
        f"| (c) ours, {results.burst} waiting, {results.workers} processes | {1000 / waiting.median:.1f} | "
        f"{waiting.text()} | {waiting.median / rate.median:.1f} | {1000 / waiting.median / at_rest:.1f} |",
        "",
        "The plain way is FixCaps as published (31 x 31 kernel, 299 px) in eager torch and `YOLO(...).predict` at",
        "640 px with its own plot, one photo after another. The ways take turns in one call. Ours goes from the bytes",
        "to the annotated JPEG through the engine: (b) with one process that uses all cores, (c) with one process a",
        "core (`WORKERS`). The floor is what the networks' operations take at the rate of a float32 matrix product on",
        f"these cores, {results.rate / 1e9:.0f} billion a second: {results.plain_floor:.0f} ms for the",
        f"{sum(results.plain_operations.values()) / 1e9:.1f} billion operations of (a), {at_rest:.1f} ms for the",
        f"{sum(results.operations.values()) / 1e9:.2f} billion of ours.",
        "",
        "| goal | measured | wanted |",
        "|---|---|---|",
        *(f"| {what} | {found} | {wanted} |" for what, found, wanted in goals),
        "",
        "## Where the time goes",
        "",
        "| step | (a), ms | ours, ms | share of ours |",
        "|---|---|---|---|",
        *steps,
        "",
        "| network | million operations | floor, ms |",
        "|---|---|---|",
        *(
            f"| {name} | {count / 1e6:.0f} | {count / results.rate * 1000:.2f} |"
            for name, count in {**results.plain_operations, **results.operations}.items()
        ),
        "",
        "## Start and memory",
        "",
        f"From starting a process to the first answer of its engine: {Spread.of(results.cold).text(2)} s.",
        "",
        "| serving process | resident memory |",
        "|---|---|",
        *memory,
    ]
    return "\n".join(lines)


def _plot(results: Results, path: Path) -> None:
    figure = Figure(figsize=(9, 3.4), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(2, 1))
    rows = {"(a) plain": results.plain_steps, "(b) ours": results.steps}
    begin = dict.fromkeys(rows, 0.0)
    for step, colour in COLOURS.items():
        widths = [rows[row].get(step, 0.0) for row in rows]
        left.barh(list(rows), widths, left=list(begin.values()), color=colour, label=step)
        begin = {row: begin[row] + width for row, width in zip(rows, widths, strict=True)}
    left.invert_yaxis()
    left.set(xlabel="ms a photo, one at a time")
    left.legend(ncols=3, frameon=False, fontsize="small", loc="lower right")
    plain = [1000 / value for value in results.plain]
    alone = [1000 / value for value in results.alone]
    right.boxplot([plain, alone, list(results.waiting)], tick_labels=["(a)", "(b)", "(c)"], showfliers=False)
    right.set(ylabel="photos a second", ylim=(0, None))
    figure.suptitle(results.machine, fontsize="medium")
    save(figure, path)

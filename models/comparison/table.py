"""The comparison as Markdown, CSV and a plot of balanced accuracy against milliseconds a photo."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from models.comparison.scoring import BATCH, FIGURES, TIMED
from models.data.pictures import TITLES, Source
from models.evaluation.metrics import Interval
from models.evaluation.plots import save
from models.evaluation.report import text

ASKED: Final = {
    "alone": "",
    "sorted": f", in batches of {BATCH} sorted by class",
    "shuffled": f", in shuffled batches of {BATCH}",
}
HEADS: Final = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "macro_f1": "macro-F1",
    "melanoma_sensitivity": "melanoma sensitivity",
    "melanoma_specificity": "melanoma specificity",
    "roc_auc": "ROC-AUC",
}


@dataclass(frozen=True)
class Line:
    """A row of the table: its name and title, and what its JSON file holds."""

    name: str
    title: str
    found: dict[str, Any]

    def results(self, source: Source) -> Iterator[tuple[str, dict[str, Interval]]]:
        """How the row answered (alone or in batches), and its figures for photos of a source; NaN if undefined."""
        for asked, figures in self.found.get("results", {}).get(source, {}).items():
            yield asked, {name: _interval(value) for name, value in figures.items()}


def write_tables(lines: list[Line], protocol: dict[str, Any], folder: Path) -> Path:
    """Write ``comparison-SPLIT.md``, ``.csv`` and ``.png``; returns the Markdown file."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = folder / f"comparison-{protocol['split']}"
    stem.with_suffix(".md").write_text(_markdown(lines, protocol), encoding="utf-8")
    with stem.with_suffix(".csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows(_csv(lines, protocol))
    _plot(lines, protocol, stem.with_suffix(".png"))
    return stem.with_suffix(".md")


def _markdown(lines: list[Line], protocol: dict[str, Any]) -> str:
    split = protocol["split"]
    heads = ["model", "parameters, M", "input, px", "how", *HEADS.values(), "ms a photo"]
    out = [
        f"# Comparison on `{split}`",
        "",
        f"The `{split}` split of each set. Every row looks at the same square, the lesion's crop, resized to its own",
        "input. It is cut around the mask for training and around the box that",
        f"`{protocol['segmenter']}` finds for the figures here, as in a chat; where there is none, it is the whole",
        "photo, as it is for a row that says so. Photos are answered one at a time unless the row says otherwise. In",
        "brackets the 95 % bootstrap",
        "interval (lesions drawn, percentiles). Epochs, and the C of support vector machines, were chosen on `val`.",
        f"Times are from square to scores: the median of {TIMED} photos, float32 in eager PyTorch on one CPU thread,",
        "the rows taking turns photo by photo.",
    ]
    for source, count in protocol["photos"].items():
        out += ["", f"## {TITLES[source]}: {count} photos", "", f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
        for line in lines:
            if "unavailable" in line.found:
                out.append(f"| {line.title} | | | {line.found['unavailable']} |" + " |" * (len(HEADS) + 1))
            for asked, figures in line.results(source):
                cells = [
                    line.title + ASKED[asked],
                    f"{line.found['parameters'] / 1e6:.2f}",
                    str(line.found["size"]),
                    line.found["origin"],
                    *(text(figures[name]) for name in FIGURES),
                    f"{line.found['ms']:.1f}" if asked == "alone" else "",
                ]
                out.append(f"| {' | '.join(cells)} |")
    return "\n".join([*out, "", f"![Balanced accuracy against time](comparison-{split}.png)", ""])


def _csv(lines: list[Line], protocol: dict[str, Any]) -> Iterator[list[object]]:
    ends = [f"{name}{end}" for name in FIGURES for end in ("", "_low", "_high")]
    yield ["source", "row", "model", "asked", "parameters", "input_px", "how", *ends, "ms"]
    for source, line in product(protocol["photos"], lines):
        if "unavailable" in line.found:
            yield [source, line.name, line.title, "", "", "", line.found["unavailable"], *[""] * len(ends), ""]
        for asked, figures in line.results(source):
            values = ["" if np.isnan(end) else end for name in FIGURES for end in figures[name]]
            found, alone = line.found, asked == "alone"
            about = [source, line.name, line.title, asked, found["parameters"], found["size"], found["origin"]]
            yield [*about, *values, found["ms"] if alone else ""]


def _plot(lines: list[Line], protocol: dict[str, Any], path: Path) -> None:
    sources = list(protocol["photos"])
    figure = Figure(figsize=(9, 5.5 * len(sources)), layout="constrained")
    for source, axes in zip(sources, figure.subplots(len(sources), squeeze=False)[:, 0], strict=True):
        _plot_source(lines, source, axes)
    save(figure, path)


def _plot_source(lines: list[Line], source: Source, axes: Axes) -> None:
    shown = [
        (line, figures["balanced_accuracy"])
        for line in lines
        for asked, figures in line.results(source)
        if asked == "alone" and not np.isnan(figures["balanced_accuracy"][0])
    ]
    middle_of_times = np.exp(np.mean([np.log(line.found["ms"]) for line, _ in shown])) if shown else 0.0
    for line, (middle, low, high) in shown:
        reach = [[max(0.0, middle - low)], [max(0.0, high - middle)]]
        axes.errorbar(line.found["ms"], middle, yerr=reach, fmt="o", color="#7a3b2e", ecolor="#d98555", capsize=3)
        # The slower half is named to the left, where there is room.
        slow = line.found["ms"] > middle_of_times
        axes.annotate(
            line.title, (line.found["ms"], middle), xytext=(-7 if slow else 7, 4), textcoords="offset points",
            ha="right" if slow else "left", fontsize=8,
        )  # fmt: skip
    lowest = min((low for _, (_, low, _) in shown), default=0.0)
    axes.set(
        title=f"{TITLES[source]}: one photo at a time, one CPU thread",
        xlabel="milliseconds a photo",
        ylabel="balanced accuracy",
        xscale="log",
        ylim=(np.floor(lowest * 10) / 10, 1),
    )
    axes.xaxis.set_major_formatter("{x:g}")
    axes.margins(x=0.1)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25, which="both")


def _interval(value: list[float | None]) -> Interval:
    middle, low, high = (float("nan") if end is None else end for end in value)
    return middle, low, high

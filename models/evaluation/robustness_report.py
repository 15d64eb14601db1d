"""Writes the table of `models.evaluation.robustness` as Markdown and as a plot."""

from __future__ import annotations

from itertools import groupby
from math import ceil
from pathlib import Path
from typing import Final

import numpy as np
from matplotlib.figure import Figure

from models.evaluation.plots import save
from models.evaluation.report import text
from models.evaluation.robustness import PLAIN, Row

_ACROSS: Final = 3  # panels side by side
_INTRO: Final = """\
{photos} photos of {title} (split `{split}`), one corruption at a time, each photo through the served pipeline on its
own: {models}.

- Accuracy, balanced accuracy, its change against the photos as they are, and flips are of the model alone: photos that
  the pipeline refuses as unfit or as no skin are answered all the same (`python -m inference --unchecked`). A photo in
  which no lesion is found counts as wrong. Flips: share of the photos whose class is another one than that of the
  photo as it is. In brackets the 95 % bootstrap interval (lesions drawn).
- Refused, with the reasons, and the accuracy of the photos that are given a class are what the chat gets.
- Two thirds of HAM10000's photos are nevi, so a model that calls everything a nevus keeps its accuracy there: read the
  change of balanced accuracy.

| corruption | level | accuracy | balanced accuracy | change | flips | refused | accuracy of the answered |
|---|---|---|---|---|---|---|---|
"""


def write_robustness(rows: list[Row], title: str, split: str, table: Path) -> None:
    """Write the ``.md`` and ``.png`` beside ``table``. The first of ``rows`` is without corruption.

    ``title`` is that of the photos' source.
    """
    lines = [_line(row) for row in rows]
    heading = f"# Robustness on `{split}`\n\n"
    intro = _INTRO.format(photos=rows[0].photos, title=title, split=split, models=rows[0].models)
    picture = f"\n![Accuracy and refusals under every corruption]({table.stem}.png)\n"
    table.with_suffix(".md").write_text(heading + intro + "\n".join(lines) + "\n" + picture, encoding="utf-8")
    _plot(rows, table.with_suffix(".png"))


def _line(row: Row) -> str:
    accuracy = text((row.accuracy, row.accuracy_low, row.accuracy_high))
    change = f"{row.change:+.3f} [{row.change_low:+.3f}, {row.change_high:+.3f}]"
    refused = f"{row.refused:.1%} ({row.reasons})" if row.reasons else f"{row.refused:.1%}"
    answered = "–" if np.isnan(row.answered_accuracy) else f"{row.answered_accuracy:.3f}"
    balanced, flips = f"{row.balanced_accuracy:.3f}", f"{row.flips:.1%}"
    return f"| {row.kind} | {row.level} | {accuracy} | {balanced} | {change} | {flips} | {refused} | {answered} |"


def _plot(rows: list[Row], path: Path) -> None:
    kinds = [(kind, list(group)) for kind, group in groupby(rows, lambda row: row.kind) if kind != PLAIN.kind]
    height = ceil(len(kinds) / _ACROSS)
    figure = Figure(figsize=(13, 3 * height), layout="constrained")
    for number, (kind, group) in enumerate(kinds, 1):
        axes = figure.add_subplot(height, _ACROSS, number)
        places = np.arange(len(group))
        balanced = np.array([row.balanced_accuracy for row in group])
        reach = np.abs(np.array([(row.change_low, row.change_high) for row in group]).T - [row.change for row in group])
        axes.axhline(rows[0].balanced_accuracy, color="grey", linestyle="--", linewidth=1)
        axes.bar(places, [row.refused for row in group], color="#d98555", alpha=0.5, label="refused")
        axes.plot(places, [row.accuracy for row in group], color="grey", marker=".", label="accuracy")
        axes.errorbar(
            places, balanced, reach, color="#7a3b2e", marker="o", markersize=4, label="balanced accuracy and its change"
        )
        axes.set(title=kind, ylim=(0, 1), xticks=places, xticklabels=[row.level for row in group])
        axes.tick_params(axis="x", labelrotation=20, labelsize=8)
        axes.spines[["top", "right"]].set_visible(False)
    figure.axes[0].legend(fontsize=8, loc="lower left", title="nothing refused but in the bars", title_fontsize=8)
    save(figure, path)

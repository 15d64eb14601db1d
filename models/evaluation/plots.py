"""Plots for runs and reports, as PNG files."""

from __future__ import annotations

from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure


def plot_curves(history: list[dict[str, float]], path: Path) -> None:
    """Draw the loss and the validation figures of a run over its epochs."""
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    epochs = [row["epoch"] for row in history]
    left.plot(epochs, [row["loss"] for row in history], color="#7a3b2e")
    left.set(title="Training loss", xlabel="epoch")
    for key in history[0]:
        if key not in ("epoch", "loss", "seconds"):
            right.plot(epochs, [row[key] for row in history], label=key.replace("_", " "))
    right.set(title="Validation", xlabel="epoch")
    right.legend(frameon=False, fontsize=8)
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.25)
    save(figure, path)


def save(figure: Figure, path: Path) -> None:
    """Write a figure as PNG."""
    FigureCanvasAgg(figure).print_png(str(path))

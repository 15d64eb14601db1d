"""The report of an evaluation: as Markdown, JSON and PNG."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Final

import numpy as np
from matplotlib.figure import Figure
from sklearn.metrics import ConfusionMatrixDisplay, RocCurveDisplay

from inference.classes import CLASSES
from inference.registry.schema import DIGITS
from models.data.pictures import TITLES as SOURCES
from models.evaluation.evaluate import Evaluation
from models.evaluation.metrics import BINS, SPECIFICITY, Interval, confusion, reliability
from models.evaluation.plots import save

TITLES: Final = {
    "accuracy": "Accuracy",
    "balanced_accuracy": "Balanced accuracy (mean recall)",
    "macro_f1": "Macro-F1",
    "melanoma_sensitivity": "Melanoma sensitivity, by the named class",
    "melanoma_specificity": "Melanoma specificity, by the named class",
    "warning_sensitivity": "Sensitivity of the warning for mel, bcc, akiec",
    "warning_specificity": "Specificity of the warning for mel, bcc, akiec",
    "melanoma_warned": "Share of melanomas that raise the warning",
    "roc_auc": "ROC-AUC, mean over classes",
    "melanoma_roc_auc": "ROC-AUC of melanoma",
    "melanoma_at_specificity": f"Melanoma sensitivity where its ROC curve has specificity {SPECIFICITY}",
    "ece": f"Expected calibration error ({BINS} bins)",
    "refused": "Lesions refused",
    "lesions_refused": "Lesions refused, by quality check, gate or segmenter",
    "everyday_refused": "Everyday pictures refused, by any of these",
    "mask_map50": "Mask mAP50",
    "mask_map": "Mask mAP50-95",
    "box_map50": "Box mAP50",
    "box_map": "Box mAP50-95",
    "mean_jaccard": "Mean Jaccard of the served outline",
    "jaccard_below_065": "Outlines with a Jaccard below 0.65",
}

ANSWERED: Final = (*CLASSES, "refused")
"""Columns of the confusion matrix."""


def write_report(evaluation: Evaluation, stem: Path) -> Path:
    """Write ``STEM.md``, ``.json`` and ``.png``; returns the first."""
    text, figures, plot = (stem.with_name(f"{stem.name}.{kind}") for kind in ("md", "json", "png"))
    text.write_text(_markdown(evaluation, plot.name), encoding="utf-8")
    figures.write_text(json.dumps(_json(evaluation), indent=2) + "\n", encoding="utf-8")
    _plot(evaluation, plot)
    return text


def _markdown(evaluation: Evaluation, plot: str) -> str:
    answers, split = evaluation.answers, evaluation.split
    served = ", ".join(f"{role} `{name}`" for role, name in evaluation.models.items())
    lines = [
        f"# Report on `{split}`",
        "",
        f"{len(answers.labels)} photos of {SOURCES[evaluation.source]} (split `{split}`) through the served pipeline,",
        f"each answered on its own: {served}.",
        "In brackets the 95 % bootstrap interval (lesions drawn, percentiles); of a share of 0 or 1 the exact one.",
        "A refused lesion counts as answered wrongly. ROC-AUC and calibration error are of photos with a class.",
        "",
        "## Classification",
        "",
        *_table(
            [(title, evaluation.classifier[name]) for name, title in TITLES.items() if name in evaluation.classifier]
        ),
        "",
        "| class | photos | recall | precision |",
        "|---|---|---|---|",
    ]
    for index, name in enumerate(CLASSES):
        recall, precision = (evaluation.classifier[f"{kind}_{name}"] for kind in ("recall", "precision"))
        lines.append(f"| {name} | {(answers.labels == index).sum()} | {text(recall)} | {text(precision)} |")
    lines += [
        "",
        "Confusion matrix, photos: a row a true class, a column an answered one.",
        "",
        f"| | {' | '.join(ANSWERED)} |",
        "|---" * (len(ANSWERED) + 1) + "|",
        *(
            f"| {name} | {' | '.join(map(str, row))} |"
            for name, row in zip(CLASSES, confusion(answers).tolist(), strict=True)
        ),
        "",
        "Reliability: is the probability shown for the named class the share of such answers that are right?",
        "",
        "| probability | photos | mean probability | share right |",
        "|---|---|---|---|",
        *(
            f"| {each.low:.3f} to {each.high:.3f} | {each.photos} | {each.mean:.3f} | {each.right:.3f} |"
            for each in reliability(answers)
        ),
        "",
        *_outline(evaluation.segmenter),
        f"![Confusion matrix, reliability and ROC]({plot})",
        "",
    ]
    return "\n".join(lines)


def _outline(segmenter: dict[str, Interval]) -> list[str]:
    rows = [(title, segmenter[name]) for name, title in TITLES.items() if name in segmenter]
    return ["## Outline", "", *_table(rows), ""] if rows else []


def _table(rows: list[tuple[str, Interval]]) -> list[str]:
    return ["| figure | value |", "|---|---|", *(f"| {title} | {text(value)} |" for title, value in rows)]


def text(value: Interval) -> str:
    """Text such as ``0.912 [0.890, 0.930]``; an undefined figure is a dash."""
    if np.isnan(value[0]):
        return "–"
    estimate, low, high = (round(each, DIGITS) for each in value)
    return f"{estimate:.3f} [{low:.3f}, {high:.3f}]"


def _json(evaluation: Evaluation) -> dict[str, object]:
    def plain(found: dict[str, Interval]) -> dict[str, list[float | None]]:
        return {name: [None if np.isnan(end) else round(end, DIGITS) for end in value] for name, value in found.items()}

    answers = evaluation.answers
    return {
        "split": evaluation.split,
        "photos": len(answers.labels),
        "models": evaluation.models,
        "classifier": plain(evaluation.classifier),
        "segmenter": plain(evaluation.segmenter),
        "confusion": {
            name: dict(zip(ANSWERED, row, strict=True))
            for name, row in zip(CLASSES, confusion(answers).tolist(), strict=True)
        },
        "reliability": [
            {name: round(value, DIGITS) for name, value in asdict(each).items()} for each in reliability(answers)
        ],
    }


def _plot(evaluation: Evaluation, path: Path) -> None:
    answers = evaluation.answers
    given = answers.predicted >= 0
    figure = Figure(figsize=(15, 4.8), layout="constrained")
    left, middle, right = figure.subplots(1, 3)
    square = confusion(answers)[:, : len(CLASSES)]
    ConfusionMatrixDisplay(square, display_labels=CLASSES).plot(ax=left, cmap="Oranges", colorbar=False)
    left.set(title="Confusion matrix of photos that were not refused", xlabel="answered", ylabel="true")
    bins = reliability(answers)
    mean = [each.mean for each in bins]
    middle.plot([0, 1], [0, 1], color="grey", linestyle="--", linewidth=1)
    middle.bar(mean, [each.right for each in bins], width=0.05, color="#d98555", alpha=0.8)
    share = [each.photos / given.sum() for each in bins]
    middle.plot(mean, share, color="#7a3b2e", marker="o", markersize=3, linewidth=1, label="share of photos")
    middle.set(
        title="Reliability",
        xlabel="probability shown",
        ylabel="share that was right",
        xlim=(0, 1),
        ylim=(0, 1),
    )
    middle.legend(frameon=False)
    for index, name in enumerate(CLASSES):
        truth = answers.labels[given] == index
        if 0 < truth.sum() < len(truth):
            RocCurveDisplay.from_predictions(truth, answers.probabilities[given][:, index], ax=right, name=name)
    right.set(title="ROC, one class against the others", xlabel="1 - specificity", ylabel="sensitivity")
    save(figure, path)

"""Score the served pipeline, one photo at a time, on a split of the data.

The answers come from ``python -m inference --json --masks`` in a process of its own: what is measured is what a chat
gets. Mean average precision needs several scored outlines a photo, so it is measured on the released segmenter
through the same functions that serving calls.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models.classes import CLASSES
from models.data import HEIGHT, WIDTH, Split, copy_photos, load, select
from models.mask_metrics import statistics, summarise
from models.metrics import Answers, Interval, bootstrap, figures
from models.release import load_release
from models.segmenter import find_lesions, load_segmenter

POOR_JACCARD = 0.65  # below it an outline counts as failed, as in ISIC 2018 Task 1


class EvaluationError(Exception):
    """The served pipeline did not answer; the message holds its last words."""


@dataclass(frozen=True)
class Evaluation:
    """All that a report shows of one split."""

    split: Split
    models: dict[str, str]
    answers: Answers
    classifier: dict[str, Interval]
    segmenter: dict[str, Interval]


def evaluate(root: Path, split: Split, weights: Path) -> Evaluation:
    """Run the served pipeline and the released segmenter over a split.

    Raises:
        DataError: the data is incomplete.
        EvaluationError: the pipeline failed.
    """
    lesions = load(root, split)
    with tempfile.TemporaryDirectory() as folder:
        photos = copy_photos(root, select(root, split), Path(folder))
        masks = Path(folder) / "masks"
        rows = _serve(photos, masks, weights)
        jaccards = np.array(
            [_jaccard(masks / f"{photo.stem}.png", true) for photo, true in zip(photos, lesions.masks, strict=True)]
        )
    answers = _answers(rows, lesions.labels, lesions.groups)
    entry = load_release(weights / "registry.json").served_segmenter
    network = load_segmenter(weights / entry.file, entry.architecture["network"])
    found = [find_lesions(network, [image], entry.input.size, min_score=0.001, most=100)[0] for image in lesions.images]
    matched = statistics(found, lesions.masks)

    def outlines(chosen: NDArray[np.int64]) -> dict[str, float]:
        return {
            **summarise([matched[row] for row in chosen]),
            "mean_jaccard": float(jaccards[chosen].mean()),
            "jaccard_below_065": float((jaccards[chosen] < POOR_JACCARD).mean()),
        }

    return Evaluation(
        split,
        next(row["models"] for row in rows if "models" in row),
        answers,
        bootstrap(lambda chosen: figures(answers.take(chosen)), lesions.groups),
        bootstrap(outlines, lesions.groups, rounds=300),
    )


def _serve(photos: list[Path], masks: Path, weights: Path) -> list[dict[str, Any]]:
    command = [
        sys.executable,
        "-m",
        "inference",
        "--json",
        "--masks",
        str(masks),
        "--weights",
        str(weights),
        *map(str, photos),
    ]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    failed = [row for row in rows if "error" in row]
    if done.returncode or failed or len(rows) != len(photos):
        raise EvaluationError(f"python -m inference ended with status {done.returncode}: {failed[:1] or 'no answer'}")
    return rows


def _answers(rows: list[dict[str, Any]], labels: NDArray[np.int64], groups: tuple[str, ...]) -> Answers:
    given = [row["label"] is not None for row in rows]
    return Answers(
        labels,
        np.array([CLASSES.index(row["label"]) if row["label"] else -1 for row in rows], np.int64),
        np.array([[row["probabilities"].get(name, np.nan) for name in CLASSES] for row in rows], np.float64),
        np.array([known and row["risk"] != "low" for known, row in zip(given, rows, strict=True)], np.bool_),
        groups,
    )


def _jaccard(path: Path, true: NDArray[np.bool_]) -> float:
    """Jaccard index of a served outline; 0 where none was drawn."""
    if not path.is_file():
        return 0.0
    drawn = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if drawn is None:
        raise EvaluationError(f"{path}: cannot be read")
    if drawn.shape != (HEIGHT, WIDTH):
        drawn = cv2.resize(drawn, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    inside = drawn > 127
    union = int((inside | true).sum())
    return float((inside & true).sum() / union) if union else 1.0

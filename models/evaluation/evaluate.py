"""Score the served pipeline, one photo at a time, on a split of the data.

The answers come from ``python -m inference --json --masks`` in a process of its own: what is measured is what a chat
gets. Mean average precision needs several scored outlines a photo, and the served file gives the best one alone. So it
is measured on the torch network that the file is made from, to whose answers a test holds the file, with photos in the
pose that serving turns them to, without its gate and the brightening of dark ones.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from inference.registry.file import RegistryFile
from models.data.ham10000 import HEIGHT, WIDTH, Split, copy_photos, load, select
from models.evaluation.mask_metrics import jaccard, statistics, summarise
from models.evaluation.metrics import Answers, Interval, bootstrap, figures
from models.evaluation.served import EvaluationError, collect, serve
from models.networks.segmenter import find_lesions, load_segmenter

POOR_JACCARD = 0.65  # below it an outline counts as failed, as in ISIC 2018 Task 1


@dataclass(frozen=True)
class Evaluation:
    """All that a report shows of one split."""

    split: Split
    models: dict[str, str]
    answers: Answers
    classifier: dict[str, Interval]
    segmenter: dict[str, Interval]


def evaluate(root: Path, split: Split, weights: Path, classifier: str | None = None) -> Evaluation:
    """Run the served pipeline and the released segmenter over a split.

    Args:
        root: the data folder.
        split: which split.
        weights: folder of registry.json.
        classifier: NAME-VERSION of a released classifier; None takes the served one.

    Raises:
        DataError: the data is incomplete.
        EvaluationError: the pipeline failed.
    """
    lesions = load(root, split)
    with tempfile.TemporaryDirectory() as folder:
        photos = copy_photos(root, select(root, split), Path(folder))
        masks = Path(folder) / "masks"
        choice = ("--classifier", classifier) if classifier else ()
        answered = serve(photos, weights, "--masks", str(masks), *choice)
        rows = list(track(answered, "photos", len(photos), console=Console(stderr=True)))
        jaccards = np.array(
            [_jaccard(masks / f"{photo.stem}.png", true) for photo, true in zip(photos, lesions.masks, strict=True)]
        )
    answers = collect(rows, lesions.labels, lesions.groups)
    entry = RegistryFile.load(weights).served_segmenter
    network = load_segmenter(weights / entry.served.file, entry.network)
    posed = lesions.posed()
    found = [find_lesions(network, [image], entry.input.frame, min_score=0.001, most=100)[0] for image in posed.images]
    matched = statistics(found, posed.masks)

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


def _jaccard(path: Path, true: NDArray[np.bool_]) -> float:
    """Jaccard index of a served outline; 0 where none was drawn."""
    if not path.is_file():
        return 0.0
    drawn = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if drawn is None:
        raise EvaluationError(f"{path}: cannot be read")
    if drawn.shape != (HEIGHT, WIDTH):
        drawn = cv2.resize(drawn, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    return jaccard(drawn > 127, true)

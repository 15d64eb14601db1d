"""Score the served pipeline on photos of one source and split, one photo at a time.

It measures what a chat would get, with one exception. Mean average precision needs several scored outlines for each
photo, and the served file returns only the best one. So it is measured on the torch network from which the file was
exported (a test compares both). The photos are in the orientation that serving uses, without the gate and without
brightening.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.analysis import Lesion
from inference.pipeline.orientation import canonical_orientation
from inference.registry.file import RegistryFile
from models.data.ham10000 import Split
from models.data.pictures import Photos, Source
from models.evaluation.mask_metrics import jaccard, statistics, summarise
from models.evaluation.metrics import Answers, Interval, bootstrap, figures
from models.evaluation.served import collect, read_encoded, serve, watched, without_mask
from models.networks.segmenter import find_lesions, load_segmenter

POOR_JACCARD = 0.65  # an outline with a lower Jaccard index counts as failed, as in ISIC 2018 Task 1


@dataclass(frozen=True)
class Evaluation:
    """Everything that a report shows about one source and split; ``segmenter`` is empty if no photo has a mask."""

    source: Source
    split: Split
    models: dict[str, str]
    answers: Answers
    classifier: dict[str, Interval]
    segmenter: dict[str, Interval]


def evaluate(photos: Photos, weights: Path, classifier: str | None = None) -> Evaluation:
    """Run the served pipeline and the released segmenter over photos of one source and split.

    Args:
        photos: with a class. The outline is measured on those with a mask, whose pieces count as one lesion.
        weights: folder of registry.json.
        classifier: NAME-VERSION of a released classifier; None is the served one.

    Raises:
        DataError: a mask cannot be read.
        EvaluationError: the pipeline failed.
    """
    served, overlaps, masked = [], [], []
    answered = watched(serve(photos.photos, read_encoded, weights, classifier=classifier), "photos", len(photos))
    for row, (photo, analysis) in enumerate(zip(photos.photos, answered, strict=True)):
        mask = photo.mask()
        if mask is not None:
            overlaps.append(_jaccard(analysis.lesion, mask))
            masked.append(row)
        served.append(without_mask(analysis))
    answers = collect(served, photos.labels, photos.groups)
    return Evaluation(
        photos[0].source,
        photos[0].split,
        dict(served[0].models),
        answers,
        bootstrap(lambda chosen: figures(answers.take(chosen)), photos.groups),
        _outlines(photos.take(np.array(masked, np.int64)), np.array(overlaps), weights) if masked else {},
    )


def _outlines(photos: Photos, jaccards: NDArray[np.float64], weights: Path) -> dict[str, Interval]:
    """Figures of the released segmenter's outlines, of photos with a mask, and of the served ones' Jaccard indices."""
    entry = RegistryFile.load(weights).served_segmenter
    network = load_segmenter(weights / entry.served.file, entry.network)
    found, masks = [], []
    for photo in photos.photos:
        pixels, mask = photo.pixels(), photo.mask()
        assert mask is not None, "only photos with a mask are given"
        orientation = canonical_orientation(pixels)
        turned = orientation.apply(pixels)
        found.append(find_lesions(network, [turned], entry.input.frame, min_score=0.001, most=100)[0])
        masks.append(orientation.apply(mask))
    matched = statistics(found, masks)

    def outlines(chosen: NDArray[np.int64]) -> dict[str, float]:
        return {
            **summarise([matched[row] for row in chosen]),
            "mean_jaccard": float(jaccards[chosen].mean()),
            "jaccard_below_065": float((jaccards[chosen] < POOR_JACCARD).mean()),
        }

    return bootstrap(outlines, photos.groups, rounds=300)


def _jaccard(lesion: Lesion | None, true: NDArray[np.bool_]) -> float:
    """Jaccard index of a served outline, at the size of the true mask; 0 if there is no outline."""
    if lesion is None:
        return 0.0
    drawn = lesion.mask.view(np.uint8) * 255
    if drawn.shape != true.shape:
        drawn = np.asarray(cv2.resize(drawn, true.shape[::-1], interpolation=cv2.INTER_AREA), np.uint8)
    return jaccard(drawn > 127, true)

"""Fit the gate, and compare it on ``val`` with other scores.

Nothing here sees ``test`` or the everyday pictures that are held out; `models.gate.refusal` measures on those.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import onnxruntime
import torch
from matplotlib.figure import Figure
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress
from safetensors.numpy import save
from sklearn.metrics import RocCurveDisplay, roc_auc_score
from torch import Tensor

from inference.domains import Teller
from inference.pipeline.crops import crop
from inference.pipeline.gate import LinearClassifier, lesion_log_odds
from inference.pipeline.masks import letterbox
from inference.registry.schema import ClassifierEntry, GateEntry, GateTrial, Member, SegmenterEntry
from inference.registry.tensors import DETECTIONS, EXPLAIN, FEATURES, SQUARES
from models.errors import EvaluationError
from models.evaluation.plots import save as save_figure
from models.gate import scores
from models.gate.pictures import DATA, Example, examples
from models.gate.scores import Values
from models.release.export import LICENCE, register, released, store

STRENGTH: Final = 0.003
"""Of the data against the prior. It was chosen by the comparison below and by whether photos by phone are read."""
LOST: Final = {False: 0.002, True: 0.01}
"""Share of ``val``'s lesions that gate and segmenter may refuse together: of HAM10000, and of the other sets."""
BATCH: Final = 16


@dataclass(frozen=True)
class Seen:
    """What the networks make of N examples, of which M are compared.

    Attributes:
        kinds: N indices into ``inference.pipeline.gate.KINDS``.
        learnt: N bool; the others are compared.
        beyond: N bool; lesions of other sets than HAM10000.
        features: N x D, of the network that the gate goes by.
        scores: M, the segmenter's best score in [0, 1].
    """

    kinds: NDArray[np.int64]
    learnt: NDArray[np.bool_]
    beyond: NDArray[np.bool_]
    features: Tensor
    scores: Values


def fit(roots: Sequence[Path], version: str, weights: Path, teller: Teller, limit: int | None = None) -> GateEntry:
    """Fit the gate, compare it with other scores, and release it.

    Args:
        roots: folders of the sets.
        version: of the release.
        weights: folder of registry.json.
        teller: what tells the domain from the same features; it is kept in the same file.
        limit: learn from and compare with only so many lesions.

    Raises:
        DataError: data or a package with everyday pictures is missing.
        EvaluationError: the served classifier has no network that the gate could go by.
    """
    segmenter, classifier = released(weights)
    trunk = trunk_of(classifier)
    seen = _look(examples(roots, limit), trunk, weights, segmenter)
    gate = scores.fit_linear(seen.features[seen.learnt], seen.kinds[seen.learnt], STRENGTH)
    compared, trials = ~seen.learnt, []
    lesions = seen.kinds[compared] == 0
    found = seen.scores >= segmenter.min_score
    figure = Figure(figsize=(6, 6), layout="constrained")
    axes = figure.subplots()
    for name, values in _candidates(seen, gate).items():
        threshold = _threshold(values, found, lesions, seen.beyond[compared])
        passed = found & (values >= threshold)
        auc = float(roc_auc_score(lesions, values))
        lost, refused = 1 - float(passed[lesions].mean()), 1 - float(passed[~lesions].mean())
        trials.append(GateTrial(what=name, auc=round(auc, 4), lost=round(lost, 4), refused=round(refused, 4)))
        RocCurveDisplay.from_predictions(lesions, values, ax=axes, name=name)
    axes.set(title="Lesions of val against everyday pictures", xlabel="everyday pictures read", ylabel="lesions read")
    axes.set(xlim=(0, 0.3), ylim=(0.7, 1))
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.12), fontsize="small")  # where no curve runs
    save_figure(figure, weights / "refusal.png")
    served = _odds_of(gate, seen.features[compared])
    stored = {"weight": gate.weight, "bias": gate.bias, "phone.weight": teller.weight, "phone.bias": teller.bias}
    entry = GateEntry(
        name="gate", version=version, metrics={}, data=DATA, licence=LICENCE, trunk=trunk.served, input=trunk.input,
        served=store(save(stored), weights / f"gate-{version}.safetensors"),
        threshold=_threshold(served, found, lesions, seen.beyond[compared]), trials=tuple(trials),
    )  # fmt: skip
    register(weights, entry)
    return entry


def trunk_of(classifier: ClassifierEntry) -> Member:
    """The network of a classifier that gives features of the whole photo.

    Raises:
        EvaluationError: it has none.
    """
    for member in classifier.members:
        if member.input.view == "whole" and member.network.startswith("efficientnet"):
            return member
    raise EvaluationError(f"{classifier.key} has no EfficientNet that reads the whole photo: the gate goes by one")


def threshold_for(values: Values, found: NDArray[np.bool_], lost: float) -> float:
    """The highest threshold on the scores of lesions at which at most a share ``lost`` of them is refused.

    Args:
        values: N scores of lesions.
        found: N, whether the segmenter outlines them; those that it does not are refused anyway.
        lost: share of the N.
    """
    spare = int(lost * len(values)) - int((~found).sum())
    ordered = np.sort(values[found])
    return float(np.floor(ordered[max(0, spare)] * 1e4) / 1e4)


def _threshold(
    values: Values, found: NDArray[np.bool_], lesions: NDArray[np.bool_], beyond: NDArray[np.bool_]
) -> float:
    """The threshold at which neither HAM10000 nor the other sets lose more lesions than ``LOST``."""
    chosen = (lesions & (beyond == other) for other in LOST)
    limits = zip(chosen, LOST.values(), strict=True)
    return min(threshold_for(values[rows], found[rows], lost) for rows, lost in limits if rows.any())


def _candidates(seen: Seen, gate: LinearClassifier) -> dict[str, Values]:
    """Scores of what is compared, by what a report calls them."""
    given, lesions = seen.features[~seen.learnt], seen.features[seen.learnt & (seen.kinds == 0)]
    return {
        "segmenter's score": seen.scores,
        "Mahalanobis distance of features": scores.mahalanobis(given, lesions),
        "10th nearest neighbour of features": scores.nearest(given, lesions),
        "linear on features": _odds_of(gate, given),
    }


def _odds_of(gate: LinearClassifier, features: Tensor) -> Values:
    return lesion_log_odds(gate(features.numpy()))


def _look(given: Iterator[Example], trunk: Member, weights: Path, segmenter: SegmenterEntry) -> Seen:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    outlining = onnxruntime.InferenceSession(weights / segmenter.served.file, options)
    watching = onnxruntime.InferenceSession(weights / trunk.served.file, options)
    kinds: list[int] = []
    learnt: list[bool] = []
    beyond: list[bool] = []
    scores: list[float] = []
    features: list[Tensor] = []
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("pictures", total=None)
        while batch := list(islice(given, BATCH)):
            squares = [crop(each.pixels, None, trunk.input.size, trunk.input.margin) for each in batch]
            (found,) = watching.run([FEATURES], {SQUARES: np.stack(squares), EXPLAIN: np.array(False)})
            features.append(torch.from_numpy(found))
            kinds += [example.kind for example in batch]
            learnt += [example.learnt for example in batch]
            beyond += [example.beyond for example in batch]
            for example in batch:
                if not example.learnt:
                    framed, _ = letterbox(_lying(example.pixels), segmenter.input.frame)
                    (best,) = outlining.run([DETECTIONS], {SQUARES: framed[None]})
                    scores.append(float(best[0, 4]))
            progress.advance(task, len(batch))
    return Seen(np.array(kinds), np.array(learnt), np.array(beyond), torch.cat(features), np.array(scores))


def _lying(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture with its long side flat, which is how serving shows it to the segmenter."""
    height, width = pixels.shape[:2]
    return np.asarray(cv2.transpose(pixels)) if height > width else pixels

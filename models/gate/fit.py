"""Fit the gate, and compare it on ``val`` with other scores.

Nothing here sees ``test`` or the everyday pictures that are held out; `models.gate.refusal` measures on those.
"""

from __future__ import annotations

from collections.abc import Iterator
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

from inference.pipeline.crops import crop
from inference.pipeline.gate import LinearClassifier, lesion_log_odds
from inference.registry.schema import ClassifierEntry, GateEntry, GateTrial, Member, SegmenterEntry
from inference.registry.tensors import EXPLAIN, FEATURES, LOG_ODDS, SQUARES
from models.evaluation.plots import save as save_figure
from models.evaluation.served import EvaluationError
from models.gate import scores
from models.gate.pictures import DATA, Example, examples
from models.gate.scores import Values
from models.networks.segmenter import find_lesions, load_segmenter
from models.release.export import LICENCE, register, released, store

STRENGTH: Final = 0.003
"""Of the data against the prior. It was chosen by the comparison below and by whether photos by phone are read."""
LOST: Final = 0.002
"""Share of ``val``'s lesions that gate and segmenter may refuse together."""
BATCH: Final = 16


@dataclass(frozen=True)
class Seen:
    """What the networks make of N examples, of which M are compared.

    Attributes:
        kinds: N indices into ``inference.pipeline.gate.KINDS``.
        learnt: N bool; the others are compared.
        features: N x D, of the network that the gate goes by.
        scores: M, the segmenter's best score in [0, 1].
        odds: M x 7, the classifier's calibrated log-odds.
    """

    kinds: NDArray[np.int64]
    learnt: NDArray[np.bool_]
    features: Tensor
    scores: Values
    odds: Tensor


def fit(root: Path, version: str, weights: Path, limit: int | None = None) -> GateEntry:
    """Fit the gate, compare it with other scores, and release it.

    Args:
        root: the data folder.
        version: of the release.
        weights: folder of registry.json.
        limit: learn from and compare with only so many lesions.

    Raises:
        DataError: data or a package with everyday pictures is missing.
        EvaluationError: the served classifier has no network that the gate could go by.
    """
    segmenter, classifier = released(weights)
    trunk = trunk_of(classifier)
    seen = _look(examples(root, limit), trunk, weights, segmenter, classifier)
    gate = scores.fit_linear(seen.features[seen.learnt], seen.kinds[seen.learnt], STRENGTH)
    compared, trials = ~seen.learnt, []
    lesions = seen.kinds[compared] == 0
    found = seen.scores >= segmenter.min_score
    figure = Figure(figsize=(6, 6), layout="constrained")
    axes = figure.subplots()
    for name, values in _candidates(seen, gate).items():
        threshold = threshold_for(values[lesions], found[lesions], LOST)
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
    entry = GateEntry(
        name="gate", version=version, metrics={}, data=DATA, licence=LICENCE, trunk=trunk.served, input=trunk.input,
        served=store(save({"weight": gate.weight, "bias": gate.bias}), weights / f"gate-{version}.safetensors"),
        threshold=threshold_for(served[lesions], found[lesions], LOST), trials=tuple(trials),
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


def _candidates(seen: Seen, gate: LinearClassifier) -> dict[str, Values]:
    """Scores of what is compared, by what a report calls them."""
    given, lesions = seen.features[~seen.learnt], seen.features[seen.learnt & (seen.kinds == 0)]
    return {
        "segmenter's score": seen.scores,
        "classifier's highest probability": seen.odds.softmax(1).amax(1).double().numpy(),
        "classifier's energy": scores.energy(seen.odds),
        "Mahalanobis distance of features": scores.mahalanobis(given, lesions),
        "10th nearest neighbour of features": scores.nearest(given, lesions),
        "linear on features": _odds_of(gate, given),
    }


def _odds_of(gate: LinearClassifier, features: Tensor) -> Values:
    return lesion_log_odds(gate(features.numpy()))


def _look(
    given: Iterator[Example], trunk: Member, weights: Path, segmenter: SegmenterEntry, classifier: ClassifierEntry
) -> Seen:
    network = load_segmenter(weights / segmenter.served.file, segmenter.network)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    sessions = [onnxruntime.InferenceSession(weights / each.served.file, options) for each in classifier.members]
    watching = sessions[classifier.members.index(trunk)]
    kinds: list[int] = []
    learnt: list[bool] = []
    scores: list[float] = []
    odds: list[Tensor] = []
    features: list[Tensor] = []
    with Progress(console=Console(stderr=True)) as progress, torch.inference_mode():
        task = progress.add_task("pictures", total=None)
        while batch := list(islice(given, BATCH)):
            squares = [crop(each.pixels, None, trunk.input.size, trunk.input.margin) for each in batch]
            (found,) = watching.run([FEATURES], {SQUARES: np.stack(squares), EXPLAIN: np.array(False)})
            features.append(torch.from_numpy(found))
            kinds += [example.kind for example in batch]
            learnt += [example.learnt for example in batch]
            compared = [_lying(example.pixels) for example in batch if not example.learnt]
            best = find_lesions(network, compared, segmenter.input.frame, min_score=0.001) if compared else []
            for pixels, outlines in zip(compared, best, strict=True):
                scores.append(outlines[0].score if outlines else 0.0)
                odds.append(_odds(pixels, outlines[0].box if outlines else None, sessions, classifier))
            progress.advance(task, len(batch))
    return Seen(np.array(kinds), np.array(learnt), torch.cat(features), np.array(scores), torch.stack(odds))


def _lying(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture with its long side flat, which is how serving shows it to the segmenter."""
    height, width = pixels.shape[:2]
    return np.asarray(cv2.transpose(pixels)) if height > width else pixels


def _odds(
    pixels: NDArray[np.uint8],
    box: tuple[float, float, float, float] | None,
    sessions: list[onnxruntime.InferenceSession],
    classifier: ClassifierEntry,
) -> Tensor:
    """The served classifier's calibrated log-odds of one photo: 7."""
    total = torch.tensor(classifier.bias)
    for session, member in zip(sessions, classifier.members, strict=True):
        place = box if member.input.view == "lesion" else None
        square = crop(pixels, place, member.input.size, member.input.margin)
        (odds,) = session.run([LOG_ODDS], {SQUARES: square[None], EXPLAIN: np.array(False)})
        total = total + member.slope * torch.from_numpy(odds[0])
    return total

"""Fit the gate to the served segmenter, and compare it on ``val`` with other scores.

Nothing here sees ``test`` or the everyday pictures that are held out; `models.refusal` measures on those.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np
import onnxruntime
import torch
from matplotlib.figure import Figure
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress
from safetensors.torch import save
from sklearn.metrics import RocCurveDisplay, roc_auc_score
from torch import Tensor

from models import gate_scores
from models.export import DATA, LICENCE, register, released, store
from models.gate import Gate, watched
from models.gate_pictures import Example, examples
from models.gate_scores import Values
from models.onnx_file import LOG_ODDS
from models.plots import save as save_figure
from models.release import ClassifierEntry, GateEntry, GateTrial, SegmenterEntry
from models.segmenter import find_lesions, load_segmenter
from models.views import crop_view

LAYERS: Final = (4, 6, 9)
"""The backbone's outputs at strides 8, 16 and 32."""
STRENGTH: Final = 0.3
LOST: Final = 0.01
"""Share of ``val``'s lesions that gate and segmenter may refuse together."""
BATCH: Final = 16


@dataclass(frozen=True)
class Seen:
    """What the networks make of N examples.

    Attributes:
        kinds: N indices into ``models.gate.KINDS``.
        learnt: N bool; the others are compared.
        features: N x D, of all ``LAYERS``.
        scores: N, the segmenter's best score in [0, 1].
        odds: N x 7, the classifier's calibrated log-odds; NaN for what is learnt from.
    """

    kinds: NDArray[np.int64]
    learnt: NDArray[np.bool_]
    features: Tensor
    scores: Values
    odds: Tensor


def fit(root: Path, weights: Path, limit: int | None = None) -> GateEntry:
    """Fit the gate, compare it with other scores, and release it for the served segmenter.

    Args:
        root: the data folder.
        weights: folder of registry.json.
        limit: learn from and compare with only so many lesions.

    Raises:
        DataError: data or a package with everyday pictures is missing.
    """
    segmenter, classifier = released(weights)
    seen = _look(examples(root, limit), weights, segmenter, classifier)
    gate = gate_scores.fit_gate(seen.features[seen.learnt], seen.kinds[seen.learnt], STRENGTH)
    compared, trials = ~seen.learnt, []
    lesions = seen.kinds[compared] == 0
    found = seen.scores[compared] >= segmenter.min_score
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
    save_figure(figure, weights / "refusal.png")
    served = gate.lesion_odds(seen.features[compared]).detach().double().numpy()
    file = store(save(gate.state_dict()), weights / f"gate-{segmenter.key}.safetensors")
    entry = GateEntry(
        name="gate", version=segmenter.version, **file.model_dump(), metrics={}, data=DATA, licence=LICENCE,
        segmenter=segmenter.key, segmenter_sha256=segmenter.sha256, layers=LAYERS, features=seen.features.shape[1],
        threshold=threshold_for(served[lesions], found[lesions], LOST), trials=tuple(trials),
    )  # fmt: skip
    register(weights, entry)
    return entry


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


def _candidates(seen: Seen, gate: Gate) -> dict[str, Values]:
    """Scores of what is compared, by what a report calls them."""
    given, lesions = seen.features[~seen.learnt], seen.features[seen.learnt & (seen.kinds == 0)]
    odds = seen.odds[~seen.learnt]
    with torch.inference_mode():
        linear = gate.lesion_odds(given).double().numpy()
    return {
        "segmenter's score": seen.scores[~seen.learnt],
        "classifier's highest probability": odds.softmax(1).amax(1).double().numpy(),
        "classifier's energy": gate_scores.energy(odds),
        "Mahalanobis distance of features": gate_scores.mahalanobis(given, lesions),
        "10th nearest neighbour of features": gate_scores.nearest(given, lesions),
        "linear on features": linear,
    }


def _look(given: Iterator[Example], weights: Path, segmenter: SegmenterEntry, classifier: ClassifierEntry) -> Seen:
    network = load_segmenter(weights / segmenter.file, segmenter.architecture["network"])
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    sessions = [onnxruntime.InferenceSession(weights / each.served.file, options) for each in classifier.members]
    kinds: list[int] = []
    learnt: list[bool] = []
    scores: list[float] = []
    odds: list[Tensor] = []
    with Progress(console=Console(stderr=True)) as progress, watched(network, LAYERS) as features:
        task = progress.add_task("pictures", total=None)
        while batch := list(islice(given, BATCH)):
            photos = [example.pixels for example in batch]
            best = find_lesions(network, photos, segmenter.input.size, min_score=0.001)
            for example, outlines in zip(batch, best, strict=True):
                kinds.append(example.kind)
                learnt.append(example.learnt)
                scores.append(outlines[0].score if outlines else 0.0)
                box = outlines[0].box if outlines else None
                known = torch.full((7,), torch.nan)
                odds.append(known if example.learnt else _odds(example.pixels, box, sessions, classifier))
            progress.advance(task, len(batch))
    return Seen(np.array(kinds), np.array(learnt), torch.cat(features), np.array(scores), torch.stack(odds))


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
        square = crop_view(pixels, place, member.input.size, member.input.margin)
        (name,) = (each.name for each in session.get_inputs())
        total = total + member.slope * torch.from_numpy(session.run([LOG_ODDS], {name: square[None]})[0][0])
    return total

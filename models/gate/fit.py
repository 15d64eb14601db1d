"""Fit the gate, and compare it on ``val`` with other scores.

Nothing here uses ``test`` or the held-out everyday pictures. `models.gate.refusal` measures on those.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from matplotlib.figure import Figure
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from safetensors.numpy import save
from sklearn.metrics import RocCurveDisplay, roc_auc_score
from torch import Tensor

from inference.domains import DomainClassifier
from inference.pipeline.gate import LinearClassifier, lesion_log_odds
from inference.registry.file import RegistryFile
from inference.registry.schema import GateEntry, GateTrial
from models.data.pictures import load_photos
from models.evaluation.plots import save as save_figure
from models.gate import scores
from models.gate.pictures import DATA, Example, examples
from models.gate.scores import Values
from models.release.domains import fit_domain_classifier
from models.release.files import LICENCE, backbone_of, register, store
from models.release.outputs import ReleasedNetworks

STRENGTH: Final = 0.003
"""Strength of the data against the prior. The comparison below and the share of accepted photos by phone decided it."""
LOST: Final = {False: 0.002, True: 0.01}
"""Share of the lesions in ``val`` that gate and segmenter together may refuse: of HAM10000, and of the other sets."""
OF_EACH: Final = 900
"""The classifier of the domain learns from this many photos of ``train`` of each set and kind of picture."""


@dataclass(frozen=True)
class ExampleOutputs:
    """The outputs of released networks for N examples. M of them are for the comparison.

    Attributes:
        kinds: N indices into ``inference.pipeline.gate.KINDS``.
        learnt: N bool; True for examples to fit on, False for those of the comparison.
        beyond: N bool; True for lesions of other sets than HAM10000.
        features: N x D, of the gate's backbone.
        scores: M, the segmenter's best score in [0, 1].
    """

    kinds: NDArray[np.int64]
    learnt: NDArray[np.bool_]
    beyond: NDArray[np.bool_]
    features: Tensor
    scores: Values


def fit(roots: Sequence[Path], version: str, weights: Path, limit: int | None = None) -> GateEntry:
    """Fit the gate and the classifier of the domain, compare the gate with other scores, and release both in one file.

    Args:
        roots: folders of the sets.
        version: of the release.
        weights: folder of registry.json.
        limit: fit on, and compare with, only this many lesions.

    Raises:
        DataError: data or a package with everyday pictures is missing.
        EvaluationError: the served classifier has no network with features for the gate.
    """
    release = RegistryFile.load(weights)
    segmenter, backbone = release.served_segmenter, backbone_of(release.served_classifier)
    networks = ReleasedNetworks(weights, segmenter, [backbone])
    domain = _domain_classifier(roots, networks, limit or OF_EACH)
    seen = _outputs(examples(roots, limit), networks)
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
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.12), fontsize="small")  # where there is no curve
    save_figure(figure, weights / "refusal.png")
    served = _odds_of(gate, seen.features[compared])
    stored = {"weight": gate.weight, "bias": gate.bias, "phone.weight": domain.weight, "phone.bias": domain.bias}
    entry = GateEntry(
        name="gate", version=version, metrics={}, data=DATA, licence=LICENCE,
        backbone=backbone.served, input=backbone.input,
        served=store(save(stored), weights / f"gate-{version}.safetensors"),
        threshold=_threshold(served, found, lesions, seen.beyond[compared]), trials=tuple(trials),
    )  # fmt: skip
    register(weights, entry)
    return entry


def threshold_for(values: Values, found: NDArray[np.bool_], lost: float) -> float:
    """The highest threshold at which at most a share ``lost`` of the lesions is refused.

    Args:
        values: N scores of lesions.
        found: N bool, whether the segmenter outlines them. The others are refused anyway.
        lost: share of the N lesions, 0..1.
    """
    spare = int(lost * len(values)) - int((~found).sum())
    ordered = np.sort(values[found])
    return float(np.floor(ordered[max(0, spare)] * 1e4) / 1e4)


def _threshold(
    values: Values, found: NDArray[np.bool_], lesions: NDArray[np.bool_], beyond: NDArray[np.bool_]
) -> float:
    """The threshold at which neither HAM10000 nor the other sets lose more of their lesions than ``LOST``."""
    chosen = (lesions & (beyond == other) for other in LOST)
    limits = zip(chosen, LOST.values(), strict=True)
    return min(threshold_for(values[rows], found[rows], lost) for rows, lost in limits if rows.any())


def _candidates(seen: ExampleOutputs, gate: LinearClassifier) -> dict[str, Values]:
    """Name of a score in a report -> its values for the examples of the comparison."""
    given, lesions = seen.features[~seen.learnt], seen.features[seen.learnt & (seen.kinds == 0)]
    return {
        "segmenter's score": seen.scores,
        "Mahalanobis distance of features": scores.mahalanobis(given, lesions),
        "10th nearest neighbour of features": scores.nearest(given, lesions),
        "linear on features": _odds_of(gate, given),
    }


def _odds_of(gate: LinearClassifier, features: Tensor) -> Values:
    return lesion_log_odds(gate(features.numpy()))


def _outputs(given: Iterable[Example], networks: ReleasedNetworks) -> ExampleOutputs:
    """Run the networks on every example, prepared as in serving."""
    found, features, compared = [], [], []
    for example in track(given, "pictures", console=Console(stderr=True)):
        found.append((example.kind, example.learnt, example.beyond))
        features.append(networks.features(example.pixels))
        if not example.learnt:
            lesion = networks.lesion(example.pixels)
            compared.append(lesion.score if lesion else 0.0)
    kinds, learnt, beyond = (np.array(column) for column in zip(*found, strict=True))
    return ExampleOutputs(kinds, learnt, beyond, torch.from_numpy(np.stack(features)), np.array(compared))


def _domain_classifier(roots: Sequence[Path], networks: ReleasedNetworks, limit: int) -> DomainClassifier:
    """Fit the classifier of the domain to photos of ``train``."""
    photos = load_photos(roots, "train", limit).photos
    features = np.stack([networks.features(photo.pixels()) for photo in photos])
    return fit_domain_classifier(features, np.array([photo.domain == "phone" for photo in photos]))

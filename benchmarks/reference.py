"""The pipeline with the torch networks instead of the served files, as the reference for these."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from inference.analysis import Analysis, Domain, Lesion
from inference.photo import Photo
from inference.pipeline.analyzer import Analyzer
from inference.pipeline.classifier import Classifier
from inference.pipeline.crops import crop
from inference.pipeline.gate import Gate
from inference.pipeline.segmenter import Segmenter
from inference.registry.registry import Registry, Release
from inference.registry.schema import SegmenterEntry
from models.networks import zoo
from models.networks.segmenter import load_segmenter
from models.release.onnx import ServedSegmenter
from models.training.classification import predict


def reference_analyzer(folder: Path) -> Analyzer:
    """An analyzer with the torch networks of the served release. Everything else, even the gate's features, is as
    served."""
    registry = Registry.load(folder)
    classifier = _TorchClassifier(registry, folder)
    gate = Gate(registry.gate, classifier.channels)
    return Analyzer(_TorchSegmenter(registry.segmenter, folder), classifier, gate, registry.titles)


class _TorchSegmenter(Segmenter):
    def __init__(self, release: Release[SegmenterEntry], folder: Path) -> None:
        super().__init__(release)
        entry = release.entry
        self._network = ServedSegmenter(load_segmenter(folder / entry.served.file, entry.network), self._frame)

    def _run(self, squares: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        with torch.inference_mode():
            return [found.numpy() for found in self._network(torch.from_numpy(squares))]


class _TorchClassifier(Classifier):
    def __init__(self, registry: Registry, folder: Path) -> None:
        super().__init__(registry.classifier, registry.gate)
        self._networks = [
            (zoo.load(folder / member.served.file, member.network, member.input.size, member.kernel), member.input)
            for member in registry.classifier.entry.members
        ]

    def probabilities(
        self, photos: Sequence[Photo], lesions: Sequence[Lesion], odds: NDArray[np.float32], domains: Sequence[Domain]
    ) -> list[dict[str, float]]:
        # The torch networks run together, when the lesions are known. The served networks' log-odds are not used.
        found = []
        for network, square in self._networks:
            boxes = [lesion.box if square.view == "lesion" else None for lesion in lesions]
            squares = [
                crop(photo.pixels, box, square.size, square.margin) for photo, box in zip(photos, boxes, strict=True)
            ]
            found.append(predict(network, torch.from_numpy(np.stack(squares)), torch.device("cpu")).numpy())
        return self.calibrated(np.stack(found, axis=1), domains)


@dataclass
class Parity:
    """The differences between the served answers and the reference's, over the photos compared so far.

    Attributes:
        photos: their number.
        refused: how many of them both refuse for the same reason.
        labels: photos whose class, or whose refusal, differs.
        probability: largest difference of a probability.
        jaccard: smallest Jaccard index of the two masks.
    """

    photos: int = 0
    refused: int = 0
    labels: list[str] = field(default_factory=list)
    probability: float = 0.0
    jaccard: float = 1.0

    def compare(self, name: str, served: Analysis, reference: Analysis) -> None:
        """Count one photo."""
        self.photos += 1
        if (served.label, served.refusal) != (reference.label, reference.refusal):
            self.labels.append(name)
            return
        self.refused += served.refusal is not None
        for code in served.probabilities:
            self.probability = max(self.probability, abs(served.probabilities[code] - reference.probabilities[code]))
        if served.lesion is not None and reference.lesion is not None:
            one, two = served.lesion.mask, reference.lesion.mask
            self.jaccard = min(self.jaccard, float((one & two).sum() / (one | two).sum()))

    @property
    def holds(self) -> bool:
        """Whether the answers agree: the same labels, probabilities within 1e-3, masks with a Jaccard index above
        0.99."""
        return not self.labels and self.probability < 1e-3 and self.jaccard > 0.99

    def __str__(self) -> str:
        lines = [
            f"{self.photos} photos, of which both refuse {self.refused}",
            f"label or refusal differs: {len(self.labels)} {' '.join(self.labels)}".rstrip(),
            f"largest difference of a probability: {self.probability:.2e}",
            f"least Jaccard of the masks: {self.jaccard:.4f}",
        ]
        return "\n".join(lines)

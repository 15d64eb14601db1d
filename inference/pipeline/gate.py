"""The gate, an out-of-distribution detector: does a photo show a lesion on skin? Fitting and serving both use it.

It is a linear classifier. Its features come from a classifier's network that reads every whole photo anyway: early
stages know textures and colours of everyday things, late stages know lesions. Everyday pictures are its examples of no
lesion, which is outlier exposure (Hendrycks, Mazeika, Dietterich, "Deep Anomaly Detection with Outlier Exposure", ICLR
2019).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load

from inference.analysis import Domain, Refusal
from inference.domains import DomainClassifier
from inference.registry.registry import RegistryError, Release
from inference.registry.schema import GateEntry

KINDS: Final = ("lesion", "bare skin", "something else")
"""The kinds of photo that the gate separates, in the order of its scores."""


@dataclass(frozen=True, eq=False)
class LinearClassifier:
    """A linear classifier of ``KINDS``: ``weight`` 3 x D, ``bias`` 3."""

    weight: NDArray[np.float32]
    bias: NDArray[np.float32]

    def __call__(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """N x 3 log-probabilities of ``KINDS`` from N x D features."""
        scores = features.astype(np.float64) @ self.weight.T + self.bias
        return np.asarray(scores - np.logaddexp.reduce(scores, axis=1, keepdims=True))


def lesion_log_odds(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """N log-odds of a lesion against everything else, from N x 3 log-probabilities of ``KINDS``."""
    return np.asarray(scores[:, 0] - np.logaddexp.reduce(scores[:, 1:], axis=1))


class Gate:
    """The released gate, ready to answer.

    Args:
        release: its entry in the registry and its files.
        channels: the number of features that the classifier computes.

    Raises:
        RegistryError: the release's file is not what the registry says.
    """

    def __init__(self, release: Release[GateEntry], channels: int) -> None:
        weights = release.files[0]
        try:
            stored = load(weights.content())
            self._linear = LinearClassifier(stored["weight"], stored["bias"])
            self._domain = DomainClassifier(stored["phone.weight"], stored["phone.bias"])
        except (SafetensorError, KeyError) as error:
            raise RegistryError(f"weights of {weights.title}: {weights.path} is no gate") from error
        if self._linear.weight.shape != (len(KINDS), channels) or self._domain.weight.shape != (channels,):
            raise RegistryError(f"weights of {weights.title}: {weights.path} belongs to another network")
        self._threshold = release.entry.threshold

    def domains(self, features: NDArray[np.float32]) -> list[Domain]:
        """What each photo was taken with, from N x channels features."""
        return self._domain(features)

    def refusals(self, features: NDArray[np.float32]) -> list[Refusal | None]:
        """Why each photo is refused; None if a lesion on skin is likely enough.

        Bare skin is refused as `NO_LESION`, anything else as `NOT_SKIN`.

        Args:
            features: N x channels, see `inference.registry.tensors`.
        """
        scores = self._linear(features)
        skin, other = KINDS.index("bare skin"), KINDS.index("something else")
        return [
            None if odds >= self._threshold else Refusal.NO_LESION if row[skin] > row[other] else Refusal.NOT_SKIN
            for odds, row in zip(lesion_log_odds(scores), scores, strict=True)
        ]

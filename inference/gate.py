"""The gate at work: what a network saw of photos in, reasons to refuse them out."""

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load

from inference.analysis import Refusal
from inference.registry import RegistryError, Release
from models.gate import KINDS, Linear, lesion_odds
from models.release import GateEntry


class Gate:
    """The released gate, ready to answer.

    Args:
        release: which.
        channels: of the features that it will be given.

    Raises:
        RegistryError: the release's file is not what the registry says.
    """

    def __init__(self, release: Release[GateEntry], channels: int) -> None:
        weights = release.files[0]
        try:
            self._linear = Linear(**load(weights.content()))
        except (SafetensorError, TypeError) as error:
            raise RegistryError(f"weights of {weights.title}: {weights.path} is no gate") from error
        if self._linear.weight.shape != (len(KINDS), channels):
            raise RegistryError(f"weights of {weights.title}: {weights.path} belongs to another network")
        self._threshold = release.entry.threshold

    def refusals(self, features: NDArray[np.float32]) -> list[Refusal | None]:
        """Why each photo is not read, None where a lesion on skin is likely enough.

        Bare skin is refused as `NO_LESION`, anything else as `NOT_SKIN`.

        Args:
            features: N x channels, see `models.graphs`.
        """
        scores = self._linear(features)
        skin, other = KINDS.index("bare skin"), KINDS.index("something else")
        return [
            None if odds >= self._threshold else Refusal.NO_LESION if row[skin] > row[other] else Refusal.NOT_SKIN
            for odds, row in zip(lesion_odds(scores), scores, strict=True)
        ]

"""The gate at work: what the segmenter's network saw of photos in, reasons to refuse them out. See `models.gate`."""

import torch
from torch import Tensor

from inference.analysis import Refusal
from inference.registry import Release
from models import gate
from models.release import GateEntry


class Gate:
    """The released gate, ready to answer.

    Raises:
        RegistryError: the release's file is not what the registry says.
    """

    def __init__(self, release: Release[GateEntry]) -> None:
        self._network = gate.Gate(release.entry.features)
        release.files[0].load_into(self._network)
        self._threshold = release.entry.threshold

    def refusals(self, features: Tensor) -> list[Refusal | None]:
        """Why each photo is not read, None where a lesion on skin is likely enough.

        Bare skin is refused as `NO_LESION`, anything else as `NOT_SKIN`.

        Args:
            features: N x D, as the segmenter gives them.
        """
        with torch.inference_mode():
            kinds = self._network(features)
            passed = self._network.lesion_odds(features) >= self._threshold
        skin, other = gate.KINDS.index("bare skin"), gate.KINDS.index("something else")
        return [
            None if good else Refusal.NO_LESION if scores[skin] > scores[other] else Refusal.NOT_SKIN
            for good, scores in zip(passed.tolist(), kinds.tolist(), strict=True)
        ]

"""The gate at work: photos in, reasons to refuse them out. The torch network that it was is `models.gate_network`."""

from collections.abc import Sequence

import numpy as np

from inference.analysis import Refusal
from inference.cores import cores
from inference.photo import Photo
from inference.registry import Release
from inference.session import Session
from models.gate import KINDS, lesion_odds, squeezed
from models.graphs import SCORES
from models.release import GateEntry


class Gate:
    """The released gate, ready to answer.

    Args:
        release: which.
        threads: cores that one call may use; None takes all.

    Raises:
        RegistryError: the release's file is not what the registry says.
    """

    def __init__(self, release: Release[GateEntry], threads: int | None = None) -> None:
        self._size, self._threshold = release.entry.input.size, release.entry.threshold
        self._session = Session(release.files[0], (self._size, self._size), threads or cores())

    def refusals(self, photos: Sequence[Photo]) -> list[Refusal | None]:
        """Why each photo is not read, None where a lesion on skin is likely enough.

        Bare skin is refused as `NO_LESION`, anything else as `NOT_SKIN`.
        """
        squares = np.stack([squeezed(photo.pixels, self._size) for photo in photos])
        [scores] = self._session.run([SCORES], squares)
        skin, other = KINDS.index("bare skin"), KINDS.index("something else")
        return [
            None if odds >= self._threshold else Refusal.NO_LESION if row[skin] > row[other] else Refusal.NOT_SKIN
            for odds, row in zip(lesion_odds(scores), scores, strict=True)
        ]

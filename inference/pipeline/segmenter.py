"""The released YOLOv8-seg: finds the lesions in photos. `models.networks.segmenter` is the torch network."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from inference.analysis import Lesion
from inference.cores import cores
from inference.photo import Photo
from inference.pipeline.masks import decode_detection, letterbox
from inference.pipeline.session import Session
from inference.registry.registry import Release
from inference.registry.schema import SegmenterEntry
from inference.registry.tensors import DETECTIONS, LOGITS


class Segmenter:
    """The released segmenter, ready to answer.

    Args:
        release: its entry in the registry and its files.
        threads: cores that one call may use; None is all.

    Raises:
        RegistryError: the release's file is not what the registry says.
    """

    def __init__(self, release: Release[SegmenterEntry], threads: int | None = None) -> None:
        self._frame = release.entry.input.frame
        self._min_score, self._further_score = release.entry.min_score, release.entry.further_score
        self._session = Session(release.files[0], self._frame, threads or cores())

    def lesions(self, photos: Sequence[Photo]) -> list[list[Lesion]]:
        """The lesions of each photo, at most `MOST_LESIONS`, the best first.

        The best must exceed the release's `min_score`, any further one its `further_score`.
        """
        framed, places = zip(*(letterbox(photo.pixels, self._frame) for photo in photos), strict=True)
        detections, logits = self._run(np.stack(framed))
        lesions: list[list[Lesion]] = []
        for photo, rows, inside, placed in zip(photos, detections, logits, places, strict=True):
            shape = (photo.height, photo.width)
            found = [
                decode_detection(row, inside[rank], placed, shape)
                for rank, row in enumerate(rows)
                if row[4] > (self._further_score if rank else self._min_score)
            ]
            # With an empty mask there is nothing to show.
            lesions.append([lesion for lesion in found if lesion.mask.any()])
        return lesions

    def _run(self, squares: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        return self._session.run((DETECTIONS, LOGITS), squares)

"""The released YOLOv8-seg: finds at most one lesion in each photo. `models.networks.segmenter` is the torch network."""

from collections.abc import Sequence

import numpy as np

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
        self._frame, self._min_score = release.entry.input.frame, release.entry.min_score
        self._session = Session(release.files[0], self._frame, threads or cores())

    def lesions(self, photos: Sequence[Photo]) -> list[Lesion | None]:
        """The best lesion of each photo; None if nothing exceeds the release's `min_score`."""
        framed, places = zip(*(letterbox(photo.pixels, self._frame) for photo in photos), strict=True)
        detections, logits = self._session.run((DETECTIONS, LOGITS), np.stack(framed))
        lesions: list[Lesion | None] = []
        for photo, detection, inside, placed in zip(photos, detections, logits, places, strict=True):
            lesion = None
            if detection[4] > self._min_score:
                found = decode_detection(detection, inside, placed, (photo.height, photo.width))
                # An empty mask is no lesion.
                lesion = found if found.mask.any() else None
            lesions.append(lesion)
        return lesions

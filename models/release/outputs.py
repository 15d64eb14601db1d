"""The outputs of released networks for photos that are prepared as in serving, for fitting and measuring."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from inference.analysis import Lesion
from inference.classes import CLASSES
from inference.cores import cores
from inference.photo import Photo
from inference.pipeline.crops import crop
from inference.pipeline.preparation import prepare
from inference.pipeline.segmenter import Segmenter
from inference.pipeline.session import Session
from inference.registry.registry import Release
from inference.registry.schema import Member, SegmenterEntry
from inference.registry.tensors import EXPLAIN, FEATURES, LOG_ODDS


@dataclass(frozen=True, eq=False)
class Outputs:
    """The outputs of K networks for N photos.

    Attributes:
        odds: N x K x C log-odds.
        features: N x D, of the first network that has any.
        scores: N, the segmenter's best score in [0, 1]; 0 if nothing is outlined.
    """

    odds: NDArray[np.float32]
    features: NDArray[np.float32]
    scores: NDArray[np.float32]


class ReleasedNetworks:
    """Released networks, loaded from their files.

    Args:
        weights: folder of the files.
        segmenter: its entry.
        members: the classifier's networks.
        threads: cores that one call may use; None is all.

    Raises:
        RegistryError: a file is not what its entry says.
    """

    def __init__(
        self, weights: Path, segmenter: SegmenterEntry, members: Sequence[Member], threads: int | None = None
    ) -> None:
        # All scores are needed, also those that would be refused.
        every = Release.at(weights, segmenter.with_changes(min_score=0.0), [segmenter.served])
        self._segmenter = Segmenter(every, threads)
        files = Release.at(weights, segmenter, [member.served for member in members]).files
        self._networks = [
            (Session(file, (member.input.size, member.input.size), threads or cores()), member.input)
            for file, member in zip(files, members, strict=True)
        ]

    def outputs(self, photos: Iterable[NDArray[np.uint8]]) -> Outputs:
        """All outputs for photos, each H x W x 3 uint8 RGB, one photo at a time."""
        rows = []
        for pixels in photos:
            photo = prepare(Photo(pixels)).photo
            lesion = self._best(photo)
            rows.append((*self._classified(photo, lesion), lesion.score if lesion else 0.0))
        return Outputs(*(np.stack(part).astype(np.float32) for part in zip(*rows, strict=True)))

    def features(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The D features of one photo, without outlining its lesion."""
        return self._classified(prepare(Photo(pixels)).photo, None)[1]

    def lesion(self, pixels: NDArray[np.uint8]) -> Lesion | None:
        """The best lesion in the prepared photo, whatever its score."""
        return self._best(prepare(Photo(pixels)).photo)

    def _best(self, photo: Photo) -> Lesion | None:
        [lesions] = self._segmenter.lesions([photo])
        return lesions[0] if lesions else None

    def _classified(self, photo: Photo, lesion: Lesion | None) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        odds, features = [], np.empty(0, np.float32)
        for session, square in self._networks:
            box = lesion.box if lesion and square.view == "lesion" else None
            cut = crop(photo.pixels, box, square.size, square.margin)[None]
            if not len(features) and session.channels(FEATURES):
                [scores, seen] = session.run((LOG_ODDS, FEATURES), cut, **{EXPLAIN: np.array(False)})
                features = seen[0]
            else:
                [scores] = session.run((LOG_ODDS,), cut, **{EXPLAIN: np.array(False)})
            odds.append(scores[0])
        return np.array(odds, np.float32).reshape(len(odds), len(CLASSES)), features

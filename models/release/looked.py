"""What released networks make of photos as serving shows them: once computed, all fitting and measuring reads it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from inference.classes import CLASSES
from inference.photo import Photo as ServedPhoto
from inference.pipeline import quality
from inference.pipeline.crops import crop
from inference.pipeline.exposure import exposed
from inference.pipeline.masks import letterbox
from inference.pipeline.orientation import canonical_orientation
from inference.registry.schema import ClassifierInput
from inference.registry.tensors import DETECTIONS, EXPLAIN, FEATURES, LOG_ODDS, SQUARES
from models.data.pictures import Photo, Photos


@dataclass(frozen=True, eq=False)
class Looked:
    """N photos through K networks.

    Attributes:
        odds: N x K x C log-odds.
        features: N x D of the first network that gives any.
        scores: N, the segmenter's best score in [0, 1].
        boxes: N x 4, its box as shares of the photo in its pose.
    """

    odds: NDArray[np.float32]
    features: NDArray[np.float32]
    scores: NDArray[np.float32]
    boxes: NDArray[np.float32]

    def save(self, path: Path) -> None:
        np.savez(path, odds=self.odds, features=self.features, scores=self.scores, boxes=self.boxes)

    @classmethod
    def read(cls, path: Path) -> Looked:
        stored = np.load(path)
        return cls(stored["odds"], stored["features"], stored["scores"], stored["boxes"])


class Watch:
    """Served files, loaded to look at photos.

    Args:
        segmenter: its file.
        frame: width and height of its input.
        networks: the classifier's files, each with the square that it reads.
        threads: cores.
    """

    def __init__(
        self,
        segmenter: Path,
        frame: tuple[int, int],
        networks: Sequence[tuple[Path, ClassifierInput]],
        threads: int = 1,
    ) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self._frame = frame
        self._segmenter = onnxruntime.InferenceSession(segmenter, options)
        self._networks = [(onnxruntime.InferenceSession(path, options), square) for path, square in networks]

    def look(self, photos: Photos) -> Looked:
        """Look at all photos, each as serving would."""
        rows = [self._one(photo) for photo in photos.photos]
        return Looked(*(np.stack(part).astype(np.float32) for part in zip(*rows, strict=True)))

    def _one(self, photo: Photo) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]:
        pixels = as_served(photo)
        framed, placed = letterbox(pixels, self._frame)
        (found,) = self._segmenter.run([DETECTIONS], {SQUARES: framed[None]})
        size = [pixels.shape[1], pixels.shape[0]] * 2
        corners = np.clip((found[0, :4] - [placed.left, placed.top] * 2) / placed.gain, 0, size)
        box = (float(corners[0]), float(corners[1]), float(corners[2]), float(corners[3]))
        odds, features = [], np.empty(0, np.float32)
        for session, square in self._networks:
            cut = crop(pixels, None if square.view == "whole" else box, square.size, square.margin)
            given = {SQUARES: cut[None], EXPLAIN: np.array(False)}
            if not len(features) and FEATURES in {output.name for output in session.get_outputs()}:
                scores, seen = session.run([LOG_ODDS, FEATURES], given)
                features = seen[0]
            else:
                (scores,) = session.run([LOG_ODDS], given)
            odds.append(scores[0])
        return np.array(odds).reshape(len(odds), len(CLASSES)), features, found[0, 4], corners / size


def as_served(photo: Photo) -> NDArray[np.uint8]:
    """A photo in its canonical pose and in the usual light."""
    pixels = photo.pixels()
    turned = ServedPhoto(canonical_orientation(pixels).apply(pixels))
    return exposed(turned.pixels, quality.assess(turned).brightness)

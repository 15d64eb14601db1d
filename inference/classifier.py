"""The released classifier at work: photos and lesions in, calibrated probabilities out.

Its networks run in ONNX Runtime; the torch networks that they were written from are in `models.zoo`.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from inference.analysis import CLASSES, Lesion, Risk
from inference.cores import cores
from inference.evidence import Evidence
from inference.photo import Photo
from inference.registry import Release, Weights
from inference.session import Session
from models.calibration import Calibration
from models.classes import MALIGNANT, PREMALIGNANT
from models.graphs import EVIDENCE, EXPLAIN, LOG_ODDS
from models.release import ClassifierEntry, ClassifierInput
from models.views import crop_view, region

Box = tuple[float, float, float, float]


class Classifier:
    """The released classifier, ready to answer.

    Args:
        release: which.
        threads: cores that the networks which read the lesion's crop may use; None takes all.
        aside: cores that those which read the whole photo may use; None takes all.

    Raises:
        RegistryError: the release's file is not what the registry says.
    """

    def __init__(self, release: Release[ClassifierEntry], threads: int | None = None, aside: int | None = None) -> None:
        entry = release.entry
        self._members = [
            _Network(weights, member.input, (aside if member.input.view == "whole" else threads) or cores())
            for weights, member in zip(release.files, entry.members, strict=True)
        ]
        self._calibration = Calibration(tuple(member.slope for member in entry.members), entry.bias)
        self._thresholds = entry.thresholds

    def glances(self, photos: Sequence[Photo]) -> NDArray[np.float32]:
        """What the networks that need no lesion's outline make of each photo: N x networks x 7 scores."""
        found = [member.log_odds(photos, None) for member in self._members if member.whole]
        return np.stack(found, axis=1) if found else np.empty((len(photos), 0, len(CLASSES)), np.float32)

    def probabilities(
        self, photos: Sequence[Photo], lesions: Sequence[Lesion], glances: NDArray[np.float32]
    ) -> list[dict[str, float]]:
        """For each photo, the lesion in it and its row of `glances`: class -> probability.

        Probabilities are in 0..1, sum to 1, and come in the order of CLASSES.
        """
        whole = iter(np.moveaxis(glances, 1, 0))
        odds = [next(whole) if member.whole else member.log_odds(photos, lesions) for member in self._members]
        rows = self._calibration(np.stack(odds, axis=1)).tolist()
        return [dict(zip(CLASSES, row, strict=True)) for row in rows]

    def evidence(self, photo: Photo, lesion: Lesion) -> list[Evidence]:
        """What each network found in one photo, for and against every class."""
        return [
            member.evidence(photo, lesion, slope)
            for member, slope in zip(self._members, self._calibration.slopes, strict=True)
        ]

    def risk(self, probabilities: dict[str, float]) -> Risk:
        """Judge by the release's thresholds, which were set for sensitivity, and not by the winning class."""

        def warned(group: tuple[str, ...]) -> bool:
            return any(probabilities[code] >= self._thresholds[code] for code in group)

        if warned(MALIGNANT):
            return Risk.HIGH
        return Risk.RAISED if warned(PREMALIGNANT) else Risk.LOW


class _Network:
    """One network and the square that it reads."""

    def __init__(self, weights: Weights, square: ClassifierInput, threads: int) -> None:
        self._session, self._square = Session(weights, (square.size, square.size), threads), square

    @property
    def whole(self) -> bool:
        """Whether it reads the whole photo, and no lesion need be known."""
        return self._square.view == "whole"

    def log_odds(self, photos: Sequence[Photo], lesions: Sequence[Lesion] | None) -> NDArray[np.float32]:
        """N x 7 scores; see `models.zoo.Classifier.log_odds`. No lesions are given to a network that needs none."""
        boxes = [self._box(lesion) for lesion in lesions] if lesions is not None else [None] * len(photos)
        squares = [self._cut(photo, box) for photo, box in zip(photos, boxes, strict=True)]
        return self._run(LOG_ODDS, np.stack(squares))

    def evidence(self, photo: Photo, lesion: Lesion, weight: float) -> Evidence:
        """See `models.zoo.Classifier.evidence`."""
        box = self._box(lesion)
        square = region((photo.height, photo.width), box, self._square.margin)
        return Evidence(self._run(EVIDENCE, self._cut(photo, box)[None])[0], square, weight)

    def _run(self, output: str, squares: NDArray[np.uint8]) -> NDArray[np.float32]:
        return self._session.run([output], squares, **{EXPLAIN: np.array(output == EVIDENCE)})[0]

    def _cut(self, photo: Photo, box: Box | None) -> NDArray[np.uint8]:
        return crop_view(photo.pixels, box, self._square.size, self._square.margin)

    def _box(self, lesion: Lesion) -> Box | None:
        return None if self.whole else lesion.box

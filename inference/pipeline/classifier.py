"""The released classifier: turns photos and lesions into calibrated probabilities.

Its networks run in ONNX Runtime. `models.networks.zoo` has the torch networks from which they were exported.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from inference.analysis import CLASSES, Domain, Lesion, Risk
from inference.cores import cores
from inference.photo import Photo
from inference.pipeline.attribution import Attribution
from inference.pipeline.calibration import Calibration
from inference.pipeline.crops import crop, region
from inference.pipeline.risk import risk_of
from inference.pipeline.session import Session
from inference.registry.registry import Release, Weights
from inference.registry.schema import ClassifierEntry, ClassifierInput, GateEntry
from inference.registry.tensors import ATTRIBUTION, EXPLAIN, FEATURES, LOG_ODDS

Box = tuple[float, float, float, float]


class WholePhotoOutputs(NamedTuple):
    """The outputs of the networks that need no outline, for N photos.

    `odds`: N x networks x 8 log-odds, for the classifier. `features`: N x D, for the gate.
    """

    odds: NDArray[np.float32]
    features: NDArray[np.float32]


class Classifier:
    """The released classifier, ready to answer.

    Args:
        release: its entry in the registry and its files.
        gate: the classifier computes its features. This takes no extra time if their network is one of the
            classifier's.
        threads: cores for the networks that read the lesion's crop; None is all.
        aside: cores for the networks that read the whole photo; None is all.

    Raises:
        RegistryError: the release's file is not what the registry says.
    """

    def __init__(
        self,
        release: Release[ClassifierEntry],
        gate: Release[GateEntry],
        threads: int | None = None,
        aside: int | None = None,
    ) -> None:
        entry, backbone = release.entry, gate.files[1]
        self._members = [
            _Network(weights, member.input, (aside if member.input.view == "whole" else threads) or cores())
            for weights, member in zip(release.files, entry.members, strict=True)
        ]
        own = zip(release.files, self._members, strict=True)
        shared = next((member for weights, member in own if weights.sha256 == backbone.sha256), None)
        self._backbone = shared or _Network(backbone, gate.entry.input, aside or cores())
        self._whole = [member for member in self._members if member.whole]
        self._domains = entry.domains
        self._calibrations = {name: Calibration(each.slopes, each.bias) for name, each in entry.domains.items()}

    @property
    def channels(self) -> int:
        """The number of features: D of `WholePhotoOutputs`."""
        return self._backbone.channels

    def score_whole(self, photos: Sequence[Photo]) -> WholePhotoOutputs:
        """Run the networks that read whole photos."""
        seen = {network: network.score_whole(photos) for network in dict.fromkeys([*self._whole, self._backbone])}
        odds = [seen[network][0] for network in self._whole]
        nothing = np.empty((len(photos), 0, len(CLASSES)), np.float32)
        return WholePhotoOutputs(np.stack(odds, axis=1) if odds else nothing, seen[self._backbone][1])

    def probabilities(
        self, photos: Sequence[Photo], lesions: Sequence[Lesion], odds: NDArray[np.float32], domains: Sequence[Domain]
    ) -> list[dict[str, float]]:
        """Class -> probability for each photo, from its lesion, its row of `score_whole`'s `odds` and its domain.

        Probabilities are in 0..1, sum to 1, and are in the order of CLASSES.
        """
        whole = iter(np.moveaxis(odds, 1, 0))
        every = [next(whole) if member.whole else member.log_odds(photos, lesions) for member in self._members]
        return self.calibrated(np.stack(every, axis=1), domains)

    def calibrated(self, odds: NDArray[np.float32], domains: Sequence[Domain]) -> list[dict[str, float]]:
        """Class -> probability for each photo, from N x networks x classes log-odds, calibrated for its domain."""
        rows = [self._calibrations[domain](odds[[row]])[0].tolist() for row, domain in enumerate(domains)]
        return [dict(zip(CLASSES, row, strict=True)) for row in rows]

    def attribution(self, photo: Photo, lesion: Lesion, domain: Domain) -> list[Attribution]:
        """The attribution of each network for one photo."""
        return [
            member.attribution(photo, lesion, slope)
            for member, slope in zip(self._members, self._domains[domain].slopes, strict=True)
        ]

    def risk(self, probabilities: dict[str, float], domain: Domain) -> Risk:
        """See `inference.pipeline.risk`."""
        return risk_of(probabilities, self._domains[domain])


class _Network:
    """One network and the square that it reads."""

    def __init__(self, weights: Weights, square: ClassifierInput, threads: int) -> None:
        self._session, self._square = Session(weights, (square.size, square.size), threads), square
        self.channels = self._session.channels(FEATURES)
        """Number of features that the network returns for a photo; 0 if it returns none."""

    @property
    def whole(self) -> bool:
        """Whether it reads the whole photo and needs no lesion."""
        return self._square.view == "whole"

    def log_odds(self, photos: Sequence[Photo], lesions: Sequence[Lesion]) -> NDArray[np.float32]:
        """N x 8 scores of the lesions in photos; see `models.networks.classifier.Classifier.log_odds`."""
        squares = [self._cut(photo, self._box(lesion)) for photo, lesion in zip(photos, lesions, strict=True)]
        [odds] = self._run((LOG_ODDS,), np.stack(squares))
        return odds

    def score_whole(self, photos: Sequence[Photo]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """N x 8 scores of whole photos, and N x `channels` features; see `inference.registry.tensors`."""
        squares = np.stack([self._cut(photo, None) for photo in photos])
        if not self.channels:
            [odds] = self._run((LOG_ODDS,), squares)
            return odds, np.empty((len(photos), 0), np.float32)
        odds, features = self._run((LOG_ODDS, FEATURES), squares)
        return odds, features

    def attribution(self, photo: Photo, lesion: Lesion, weight: float) -> Attribution:
        """See `models.networks.classifier.Classifier.attribution`."""
        box = self._box(lesion)
        square = region((photo.height, photo.width), box, self._square.margin)
        [cells] = self._run((ATTRIBUTION,), self._cut(photo, box)[None])
        return Attribution(cells[0], square, weight)

    def _run(self, outputs: Sequence[str], squares: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        return self._session.run(outputs, squares, **{EXPLAIN: np.array(ATTRIBUTION in outputs)})

    def _cut(self, photo: Photo, box: Box | None) -> NDArray[np.uint8]:
        return crop(photo.pixels, box, self._square.size, self._square.margin)

    def _box(self, lesion: Lesion) -> Box | None:
        return None if self.whole else lesion.box

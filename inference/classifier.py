"""FixCaps at work: photos and lesions in, calibrated probabilities out. The network itself is `models.fixcaps`."""

from collections.abc import Sequence

import numpy as np
import torch

from inference.analysis import CLASSES, Lesion, Risk
from inference.photo import Photo
from inference.registry import RegistryError, Release
from models.calibration import Calibration
from models.classes import MALIGNANT, PREMALIGNANT
from models.fixcaps import ViewAverage
from models.release import ClassifierEntry
from models.views import cut_views


class Classifier:
    """The released classifier, ready to answer.

    Raises:
        RegistryError: the release's file is not what the registry says.
    """

    def __init__(self, release: Release[ClassifierEntry]) -> None:
        entry = release.entry
        try:
            self._network = ViewAverage(len(entry.input.views), **entry.architecture)
        except (TypeError, ValueError) as error:
            raise RegistryError(f"{release.title}: the registry describes no network we know: {error}") from error
        release.load_into(self._network)
        self._network.eval()
        self._input = entry.input
        self._calibration = Calibration(entry.calibration.temperature, entry.calibration.bias)
        self._thresholds = entry.thresholds

    def probabilities(self, photos: Sequence[Photo], lesions: Sequence[Lesion]) -> list[dict[str, float]]:
        """For each photo and the lesion in it: class -> probability in 0..1, summing to 1, in the order of CLASSES."""
        views = np.stack(
            [
                cut_views(photo.pixels, lesion.box, self._input.views, self._input.size, self._input.margin)
                for photo, lesion in zip(photos, lesions, strict=True)
            ]
        )
        batch = torch.from_numpy(views).movedim(-1, -3).float() / 255
        with torch.inference_mode():
            rows = self._calibration(self._network(batch)).tolist()
        return [dict(zip(CLASSES, row, strict=True)) for row in rows]

    def risk(self, probabilities: dict[str, float]) -> Risk:
        """Judge by the release's thresholds, which were set for sensitivity, and not by the winning class."""

        def warned(group: tuple[str, ...]) -> bool:
            return any(probabilities[code] >= self._thresholds[code] for code in group)

        if warned(MALIGNANT):
            return Risk.HIGH
        return Risk.RAISED if warned(PREMALIGNANT) else Risk.LOW

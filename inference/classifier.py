"""The released classifier at work: photos and lesions in, calibrated probabilities out.

Its networks run in ONNX Runtime; the torch networks that they were written from are in `models.zoo`.
"""

from collections.abc import Sequence

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from onnxruntime.capi.onnxruntime_pybind11_state import Fail, InvalidGraph, InvalidProtobuf

from inference.analysis import CLASSES, Lesion, Risk
from inference.cores import cores
from inference.evidence import Evidence
from inference.photo import Photo
from inference.registry import RegistryError, Release, Weights
from models.calibration import Calibration
from models.classes import MALIGNANT, PREMALIGNANT
from models.release import ClassifierEntry, ClassifierInput
from models.views import crop_view, region


class Classifier:
    """The released classifier, ready to answer.

    Args:
        release: which.
        threads: cores that one photo may use; None takes all.

    Raises:
        RegistryError: the release's file is not what the registry says.
    """

    def __init__(self, release: Release[ClassifierEntry], threads: int | None = None) -> None:
        entry = release.entry
        self._members = [
            _Network(weights, member.input, threads or cores())
            for weights, member in zip(release.files, entry.members, strict=True)
        ]
        self._calibration = Calibration(tuple(member.slope for member in entry.members), entry.bias)
        self._thresholds = entry.thresholds

    def probabilities(self, photos: Sequence[Photo], lesions: Sequence[Lesion]) -> list[dict[str, float]]:
        """For each photo and the lesion in it: class -> probability in 0..1, summing to 1, in the order of CLASSES."""
        odds = np.stack([member.log_odds(photos, lesions) for member in self._members], axis=1)
        rows = self._calibration(torch.from_numpy(odds)).tolist()
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
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        # Threads that spin while they wait take the cores from the segmenter.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = onnxruntime.InferenceSession(weights.content(), options, providers=["CPUExecutionProvider"])
        except (Fail, InvalidGraph, InvalidProtobuf) as error:
            raise RegistryError(f"weights of {weights.title}: {weights.path} is no ONNX network") from error
        inputs = self._session.get_inputs()
        if [tuple(value.shape[1:]) for value in inputs] != [(square.size, square.size, 3)]:
            raise RegistryError(
                f"weights of {weights.title}: {weights.path} belongs to another network: it does not read squares "
                f"of {square.size} px"
            )
        self._name, self._square = inputs[0].name, square
        self._outputs = [value.name for value in self._session.get_outputs()]

    def log_odds(self, photos: Sequence[Photo], lesions: Sequence[Lesion]) -> NDArray[np.float32]:
        """N x 7 scores; see `models.zoo.Classifier.log_odds`."""
        return self._run(0, photos, lesions)

    def evidence(self, photo: Photo, lesion: Lesion, weight: float) -> Evidence:
        """See `models.zoo.Classifier.evidence`."""
        box = lesion.box if self._square.view == "lesion" else None
        square = region((photo.height, photo.width), box, self._square.margin)
        return Evidence(self._run(1, [photo], [lesion])[0], square, weight)

    def _run(self, output: int, photos: Sequence[Photo], lesions: Sequence[Lesion]) -> NDArray[np.float32]:
        """One output of the file, by its place in `models.onnx_file`; the others are not computed."""
        squares = [
            crop_view(
                photo.pixels, lesion.box if self._square.view == "lesion" else None, self._square.size,
                self._square.margin,
            )
            for photo, lesion in zip(photos, lesions, strict=True)
        ]  # fmt: skip
        options = onnxruntime.RunOptions()
        options.only_execute_path_to_fetches = True
        found: NDArray[np.float32] = self._session.run(
            [self._outputs[output]], {self._name: np.stack(squares)}, options
        )[0]
        return found

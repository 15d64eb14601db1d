"""What ``weights/registry.json`` says of every released model. Written by export, read by serving.

A release names the file with its SHA-256, how to rebuild the network, how its input is cut, how its scores become
probabilities and warnings, and what was measured.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from inference.classes import CLASSES, SUSPICIOUS

DIGITS: Final = 5
"""Decimals to which figures are stored, and rounded before they are shown with fewer."""

SCORE_SHARE: Final = 0.5
"""The segmenter's least score as a share of the lowest that it gives a lesion of ``val``. A phone's photo is another
domain than val's and is scored lower; what shows bare skin, the gate tells better than this score."""

View = Literal["whole", "lesion"]
"""What of a photo a classifier looks at. It stands here since the bot's process reads releases but loads no OpenCV."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ClassifierInput(_Strict):
    """The square that a classifier's network reads; see ``inference.pipeline.crops``."""

    size: int = Field(gt=0)
    view: View
    margin: float = Field(gt=0)


class SegmenterInput(_Strict):
    """The frame in pixels that the segmenter reads, the photo fitted into it; see ``inference.pipeline.masks``."""

    width: int = Field(gt=0, multiple_of=32)
    height: int = Field(gt=0, multiple_of=32)

    @property
    def frame(self) -> tuple[int, int]:
        return self.width, self.height


class FileEntry(_Strict):
    """A file beside the registry."""

    file: str
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


class Entry(_Strict):
    """What all kinds of release have in common.

    ``metrics`` holds the figures of the release's report: split -> name -> [estimate, lower, upper].
    """

    name: str
    version: str
    metrics: dict[str, dict[str, tuple[float, float, float]]]
    data: str
    licence: str

    @property
    def key(self) -> str:
        """``NAME-VERSION``, by which the registry names what is served."""
        return f"{self.name}-{self.version}"

    @property
    def title(self) -> str:
        """Name and version, as answers and messages say them."""
        return f"{self.name} {self.version}"


class NetworkEntry(_Strict):
    """A network in its two forms.

    Attributes:
        network: its name.
        served: the ONNX file that answers; see ``models.release.onnx``.
        reference: the same weights as a state of the torch network (safetensors), to train on from and to compare to.
    """

    network: str
    served: FileEntry
    reference: FileEntry


class Member(NetworkEntry):
    """One network of a classifier, named as in ``models.networks.zoo``.

    Attributes:
        kernel: side of FixCaps' large kernel.
        slope: weight of its log-odds in the calibrated sum; see ``inference.pipeline.calibration``.
    """

    kernel: int = Field(gt=0)
    input: ClassifierInput
    slope: float


class Trial(_Strict):
    """What was tried on ``val`` for a release, calibrated by cross-fitting on it, under served boxes."""

    what: str
    accuracy: float
    balanced_accuracy: float


class ClassifierEntry(Entry):
    """One network or several: classes in the order of the scores, calibration, warning thresholds on probabilities.

    ``trials`` compares each network alone with what is released.
    """

    classes: tuple[str, ...]
    members: tuple[Member, ...] = Field(min_length=1)
    bias: tuple[float, ...]
    thresholds: dict[str, float]
    trials: tuple[Trial, ...]

    @model_validator(mode="after")
    def _complete(self) -> ClassifierEntry:
        if self.classes != CLASSES:
            raise ValueError(f"classes are {self.classes}, this version serves {CLASSES}")
        if len(self.bias) != len(CLASSES) or set(self.thresholds) != set(SUSPICIOUS):
            raise ValueError("calibration needs a bias for every class, thresholds need every suspicious class")
        return self


class SegmenterEntry(Entry, NetworkEntry):
    """A segmenter, named as ultralytics' YAML; outlines scored below ``min_score`` count as no lesion."""

    classes: tuple[Literal["lesion"]]
    input: SegmenterInput
    min_score: float = Field(ge=0, le=1)


class GateTrial(_Strict):
    """A score that was tried on ``val`` for the gate, with the segmenter's least score beside it.

    Attributes:
        what: the score.
        auc: area under the ROC curve of lesions against everyday pictures, of the score alone.
        lost: share of the lesions that are refused.
        refused: share of the everyday pictures that are refused then.
    """

    what: str
    auc: float
    lost: float
    refused: float


class GateEntry(Entry):
    """A gate; see ``inference.pipeline.gate``.

    Attributes:
        served: its linear classifier (safetensors).
        trunk: the served file of the classifier's network whose features it takes.
        input: the square that this network reads.
        threshold: photos whose log-odds of a lesion are lower are refused.
        trials: this and other scores compared.
    """

    served: FileEntry
    trunk: FileEntry
    input: ClassifierInput
    threshold: float
    trials: tuple[GateTrial, ...]


class ReleaseFile(_Strict):
    """The registry: every release, and which of each kind is served (named ``NAME-VERSION``)."""

    classifier: str
    segmenter: str
    gate: str
    classifiers: tuple[ClassifierEntry, ...]
    segmenters: tuple[SegmenterEntry, ...]
    gates: tuple[GateEntry, ...]

    @model_validator(mode="after")
    def _served_exist(self) -> ReleaseFile:
        if self.classifier not in {entry.key for entry in self.classifiers}:
            raise ValueError(f"the served classifier {self.classifier} is not among the classifiers")
        if self.segmenter not in {entry.key for entry in self.segmenters}:
            raise ValueError(f"the served segmenter {self.segmenter} is not among the segmenters")
        if self.gate not in {entry.key for entry in self.gates}:
            raise ValueError(f"the served gate {self.gate} is not among the gates")
        return self

    @property
    def served_classifier(self) -> ClassifierEntry:
        return next(entry for entry in self.classifiers if entry.key == self.classifier)

    @property
    def served_segmenter(self) -> SegmenterEntry:
        return next(entry for entry in self.segmenters if entry.key == self.segmenter)

    @property
    def served_gate(self) -> GateEntry:
        return next(entry for entry in self.gates if entry.key == self.gate)


def load_release(path: Path) -> ReleaseFile:
    """Read a registry file.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no registry (pydantic's ``ValidationError`` is one).
    """
    return ReleaseFile.model_validate_json(path.read_bytes())

"""What ``weights/registry.json`` says of every released model. Written by export, read by serving.

A release names the file with its SHA-256, how to rebuild the network, how its input is cut, how its scores become
probabilities and warnings, and what was measured.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from models.classes import CLASSES, SUSPICIOUS

View = Literal["whole", "lesion"]
"""What of a photo a classifier looks at. It stands here since the bot's process reads releases but loads no OpenCV."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ClassifierInput(_Strict):
    """The squares that the classifier reads, one network a view; see ``models.views`` and ``ViewAverage``."""

    size: int = Field(gt=0)
    views: tuple[View, ...] = Field(min_length=1)
    margin: float = Field(gt=0)


class SegmenterInput(_Strict):
    """The letterboxed square that the segmenter reads; see ``models.segmenter``."""

    size: int = Field(gt=0, multiple_of=32)


class CalibrationEntry(_Strict):
    """Parameters of ``models.calibration.Calibration``."""

    temperature: float = Field(gt=0)
    bias: tuple[float, ...]


class ModelEntry(_Strict):
    """What both kinds of release have in common.

    ``metrics`` holds the figures of the release's report: split -> name -> [estimate, lower, upper].
    """

    name: str
    version: str
    file: str
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    architecture: dict[str, Any]
    metrics: dict[str, dict[str, tuple[float, float, float]]]
    data: str
    licence: str

    @property
    def key(self) -> str:
        """``NAME-VERSION``, by which the registry names what is served."""
        return f"{self.name}-{self.version}"


class Trial(_Strict):
    """What was tried on ``val`` for a release: calibrated on it, under served boxes."""

    what: str
    accuracy: float
    balanced_accuracy: float


class ClassifierEntry(ModelEntry):
    """A classifier: its classes in the order of its scores, calibration and warning thresholds on probabilities.

    ``trials`` compares each view alone with what is released.
    """

    classes: tuple[str, ...]
    input: ClassifierInput
    calibration: CalibrationEntry
    thresholds: dict[str, float]
    trials: tuple[Trial, ...]

    @model_validator(mode="after")
    def _complete(self) -> ClassifierEntry:
        if self.classes != CLASSES:
            raise ValueError(f"classes are {self.classes}, this version serves {CLASSES}")
        if len(self.calibration.bias) != len(CLASSES) or set(self.thresholds) != set(SUSPICIOUS):
            raise ValueError("calibration needs a bias for every class, thresholds need every suspicious class")
        return self


class SegmenterEntry(ModelEntry):
    """A segmenter; outlines scored below ``min_score`` count as no lesion."""

    classes: tuple[Literal["lesion"]]
    input: SegmenterInput
    min_score: float = Field(ge=0, le=1)


class ReleaseFile(_Strict):
    """The registry: every release, and which of each kind is served (named ``NAME-VERSION``)."""

    classifier: str
    segmenter: str
    classifiers: tuple[ClassifierEntry, ...]
    segmenters: tuple[SegmenterEntry, ...]

    @model_validator(mode="after")
    def _served_exist(self) -> ReleaseFile:
        if self.classifier not in {entry.key for entry in self.classifiers}:
            raise ValueError(f"the served classifier {self.classifier} is not among the classifiers")
        if self.segmenter not in {entry.key for entry in self.segmenters}:
            raise ValueError(f"the served segmenter {self.segmenter} is not among the segmenters")
        return self

    @property
    def served_classifier(self) -> ClassifierEntry:
        return next(entry for entry in self.classifiers if entry.key == self.classifier)

    @property
    def served_segmenter(self) -> SegmenterEntry:
        return next(entry for entry in self.segmenters if entry.key == self.segmenter)


def load_release(path: Path) -> ReleaseFile:
    """Read a registry file.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no registry (pydantic's ``ValidationError`` is one).
    """
    return ReleaseFile.model_validate_json(path.read_bytes())

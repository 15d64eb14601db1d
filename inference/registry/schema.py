"""What ``weights/registry.json`` says of every released model. Written by export, read by serving.

A release names the file with its SHA-256, how to rebuild the network, how its input is cut, how its scores become
probabilities and warnings, and what was measured.
"""

from __future__ import annotations

from typing import Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from inference.classes import CLASSES
from inference.domains import DOMAINS, Domain

DIGITS: Final = 5
"""Decimals to which figures are stored, and rounded before they are shown with fewer."""

SCORE_SHARE: Final = 0.5
"""The segmenter's least score as a share of the lowest that it gives a lesion of ``val``. A phone's photo is another
domain than val's and is scored lower; the gate recognises bare skin better than this score does."""

View = Literal["whole", "lesion"]
"""What of a photo a classifier looks at. It stands here since the bot's process reads releases but loads no OpenCV."""


class Strict(BaseModel):
    """Takes no other fields than it names, and does not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_by_name=True)


class ClassifierInput(Strict):
    """The square that a classifier's network reads; see ``inference.pipeline.crops``."""

    size: int = Field(gt=0)
    view: View
    margin: float = Field(gt=0)


class SegmenterInput(Strict):
    """The frame in pixels that the segmenter reads, the photo shrunk into it; see ``inference.pipeline.masks``."""

    width: int = Field(gt=0, multiple_of=32)
    height: int = Field(gt=0, multiple_of=32)

    @property
    def frame(self) -> tuple[int, int]:
        return self.width, self.height


class FileEntry(Strict):
    """A file beside the registry."""

    file: str
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


class Entry(Strict):
    """What all kinds of release have in common.

    ``metrics`` holds the figures of the release's report: split -> name -> [estimate, lower, upper].
    """

    name: str
    version: str
    metrics: dict[str, dict[str, tuple[float, float, float]]]
    data: str
    licence: str

    def with_changes(self, **changes: Any) -> Self:
        """A copy with other values in these fields. Raises ValueError where they do not fit."""
        return type(self).model_validate({**dict(self), **changes})

    @property
    def key(self) -> str:
        """``NAME-VERSION``, by which the registry names what is served."""
        return f"{self.name}-{self.version}"

    @property
    def title(self) -> str:
        """Name and version, as answers and messages say them."""
        return f"{self.name} {self.version}"


class NetworkEntry(Strict):
    """A network.

    Attributes:
        network: its name.
        served: the ONNX file that answers. It holds the weights unchanged, so the torch network is read from it too.
    """

    network: str
    served: FileEntry


class Member(NetworkEntry):
    """One network of a classifier, named as in ``models.networks.zoo``.

    Attributes:
        kernel: side of FixCaps' large kernel.
    """

    kernel: int = Field(gt=0)
    input: ClassifierInput


class DomainEntry(Strict):
    """How scores become probabilities and warnings in photos of one domain.

    Attributes:
        slopes: the weight of each member's log-odds in the calibrated sum; see ``inference.pipeline.calibration``.
        bias: of every class.
        suspicious: least probability of all ``SUSPICIOUS`` classes together that raises a warning.
        melanoma: least probability of melanoma alone that does.
    """

    slopes: tuple[float, ...]
    bias: tuple[float, ...]
    suspicious: float = Field(ge=0, le=1)
    melanoma: float = Field(ge=0, le=1)


class Trial(Strict):
    """What was tried on ``val`` for a release, calibrated by cross-fitting on it, under served boxes."""

    what: str
    accuracy: float
    balanced_accuracy: float


class ClassifierEntry(Entry):
    """One network or several: classes in the order of the scores; calibration and warnings by domain.

    ``trials`` compares each network alone with what is released.
    """

    classes: tuple[str, ...]
    members: tuple[Member, ...] = Field(min_length=1)
    domains: dict[Domain, DomainEntry]
    trials: tuple[Trial, ...]

    @model_validator(mode="after")
    def _complete(self) -> ClassifierEntry:
        if self.classes != CLASSES:
            raise ValueError(f"classes are {self.classes}, this version serves {CLASSES}")
        if set(self.domains) != set(DOMAINS):
            raise ValueError(f"calibration is of {', '.join(self.domains)}, and must be of {', '.join(DOMAINS)}")
        for each in self.domains.values():
            if len(each.bias) != len(CLASSES) or len(each.slopes) != len(self.members):
                raise ValueError("calibration needs a bias for every class and a slope for every network")
        return self


class SegmenterEntry(Entry, NetworkEntry):
    """A segmenter, named as ultralytics' YAML; outlines scored below ``min_score`` count as no lesion."""

    classes: tuple[Literal["lesion"]]
    input: SegmenterInput
    min_score: float = Field(ge=0, le=1)


class GateTrial(Strict):
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
        backbone: the served file of the classifier's network whose features it takes.
        input: the square that this network reads.
        threshold: photos whose log-odds of a lesion are lower are refused.
        trials: this and other scores compared.
    """

    served: FileEntry
    backbone: FileEntry = Field(validation_alias="trunk", serialization_alias="trunk")
    input: ClassifierInput
    threshold: float
    trials: tuple[GateTrial, ...]


class JointEntry(Entry):
    """A model that joins the classifier's answer with a person's answers; see ``inference.pipeline.answers``.

    Attributes:
        served: its weights (safetensors).
        classifier: NAME-VERSION of the classifier whose probabilities it was fitted to.
    """

    served: FileEntry
    classifier: str

"""The entries of ``weights/registry.json``, one for every released model. Export writes them, serving reads them.

An entry says: the file and its SHA-256, how to rebuild the network, how to cut its input, how scores become
probabilities and warnings, and what was measured.
"""

from __future__ import annotations

from typing import Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from inference.classes import CLASSES
from inference.domains import DOMAINS, Domain

DIGITS: Final = 5
"""Decimals of stored figures. Figures are rounded to these first, and then to fewer when they are shown."""

SCORE_SHARE: Final = 0.5
"""The segmenter's threshold as a share of its lowest score for a lesion in ``val``. Photos by phone are scored lower
than those of ``val``, and the gate recognises bare skin better than this score does."""

View = Literal["whole", "lesion"]
"""The part of a photo that a classifier reads. It is defined here because the bot's process reads entries but loads no
OpenCV."""


class Strict(BaseModel):
    """Allows no other fields and is immutable."""

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
    """What all kinds of entry have in common.

    ``metrics`` holds the figures of the release's report: split -> name -> [estimate, lower, upper].
    """

    name: str
    version: str
    metrics: dict[str, dict[str, tuple[float, float, float]]]
    data: str
    licence: str

    def with_changes(self, **changes: Any) -> Self:
        """A copy with other values in these fields. Raises ValueError if they do not fit."""
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
        served: the ONNX file. It holds the weights unchanged, so the torch network is loaded from it too.
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
    """How scores become probabilities and warnings for photos of one domain.

    Attributes:
        slopes: the weight of each member's log-odds in the calibrated sum; see ``inference.pipeline.calibration``.
        bias: one for every class.
        suspicious: there is a warning if all ``SUSPICIOUS`` classes together reach this probability.
        melanoma: there is a warning if melanoma reaches this probability.
    """

    slopes: tuple[float, ...]
    bias: tuple[float, ...]
    suspicious: float = Field(ge=0, le=1)
    melanoma: float = Field(ge=0, le=1)


class Trial(Strict):
    """A trial for a release on ``val``, calibrated by cross-fitting on it, with the boxes of the served segmenter."""

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
    """A segmenter, named as ultralytics' YAML.

    Attributes:
        min_score: outlines scored below count as no lesion.
        further_score: outlines beside the best one that are scored below count as no further lesion.
    """

    classes: tuple[Literal["lesion"]]
    input: SegmenterInput
    min_score: float = Field(ge=0, le=1)
    further_score: float = Field(ge=0, le=1, default=1.0)


class GateTrial(Strict):
    """A score that was tried on ``val`` for the gate, together with the segmenter's threshold.

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
        input: the square that the network reads.
        threshold: photos with lower log-odds of a lesion are refused.
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

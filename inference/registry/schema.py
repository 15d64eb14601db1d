"""What ``weights/registry.json`` says of every released model. Written by export, read by serving.

A release names the file with its SHA-256, how to rebuild the network, how its input is cut, how its scores become
probabilities and warnings, and what was measured.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from inference.classes import CLASSES, SUSPICIOUS

REGISTRY_FILE: Final = "registry.json"

DIGITS: Final = 5
"""Decimals to which figures are stored, and rounded before they are shown with fewer."""

SCORE_SHARE: Final = 0.5
"""The segmenter's least score as a share of the lowest that it gives a lesion of ``val``. A phone's photo is another
domain than val's and is scored lower; what shows bare skin, the gate tells better than this score."""

View = Literal["whole", "lesion"]
"""What of a photo a classifier looks at. It stands here since the bot's process reads releases but loads no OpenCV."""


class NotReleased(LookupError):
    """The registry lists no such release."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ClassifierInput(_Strict):
    """The square that a classifier's network reads; see ``inference.pipeline.crops``."""

    size: int = Field(gt=0)
    view: View
    margin: float = Field(gt=0)


class SegmenterInput(_Strict):
    """The frame in pixels that the segmenter reads, the photo shrunk into it; see ``inference.pipeline.masks``."""

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


class NetworkEntry(_Strict):
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


AnyEntry = ClassifierEntry | SegmenterEntry | GateEntry
EntryT = TypeVar("EntryT", bound=Entry)

_KINDS: Final[dict[type[Entry], str]] = {
    ClassifierEntry: "classifier",
    SegmenterEntry: "segmenter",
    GateEntry: "gate",
}


class RegistryFile(_Strict):
    """The content of ``registry.json``: every release, and which of each kind is served (named ``NAME-VERSION``).

    It cannot be changed: ``register`` and ``replace`` return a new one. A registry that is still being made may lack a
    classifier, a segmenter or a gate; then the property for what is missing raises ``NotReleased``.
    """

    classifier: str | None = None
    segmenter: str | None = None
    gate: str | None = None
    classifiers: tuple[ClassifierEntry, ...] = ()
    segmenters: tuple[SegmenterEntry, ...] = ()
    gates: tuple[GateEntry, ...] = ()

    @model_validator(mode="after")
    def _served_exist(self) -> RegistryFile:
        for kind in _KINDS.values():
            served = getattr(self, kind)
            if served is not None and served not in {entry.key for entry in getattr(self, f"{kind}s")}:
                raise ValueError(f"the served {kind} {served} is not among the {kind}s")
        return self

    @classmethod
    def load(cls, folder: Path) -> RegistryFile:
        """Read ``folder``/registry.json.

        Raises:
            OSError: it cannot be read.
            ValueError: it is no registry (pydantic's ``ValidationError`` is one).
        """
        return cls.model_validate_json((folder / REGISTRY_FILE).read_bytes())

    def save(self, folder: Path) -> None:
        """Write ``folder``/registry.json in one step: a reader sees the old file or the new one.

        Raises:
            OSError: it cannot be written.
        """
        content = json.dumps(self.model_dump(mode="json", exclude_none=True), indent=2, ensure_ascii=False) + "\n"
        part = folder / "registry.part"
        part.write_text(content, encoding="utf-8")
        os.replace(part, folder / REGISTRY_FILE)

    @property
    def served_classifier(self) -> ClassifierEntry:
        return self.find_classifier()

    @property
    def served_segmenter(self) -> SegmenterEntry:
        return _find("segmenter", self.segmenters, self.segmenter)

    @property
    def served_gate(self) -> GateEntry:
        return _find("gate", self.gates, self.gate)

    def find_classifier(self, key: str | None = None) -> ClassifierEntry:
        """The classifier named ``NAME-VERSION``, by default the served one.

        Raises:
            NotReleased: there is none.
        """
        return _find("classifier", self.classifiers, key or self.classifier)

    def register(self, entry: AnyEntry) -> RegistryFile:
        """A registry with this release as the last of its kind, and serving it."""
        kind = _KINDS[type(entry)]
        others = [other for other in getattr(self, f"{kind}s") if other.key != entry.key]
        return self._with({f"{kind}s": (*others, entry), kind: entry.key})

    def replace(self, *entries: AnyEntry) -> RegistryFile:
        """A registry with these releases in place of those with the same names and versions; it serves the same."""
        changes: dict[str, object] = {}
        for kind in _KINDS.values():
            new = {entry.key: entry for entry in entries if _KINDS[type(entry)] == kind}
            changes[f"{kind}s"] = tuple(new.get(old.key, old) for old in getattr(self, f"{kind}s"))
        return self._with(changes)

    def _with(self, changes: dict[str, object]) -> RegistryFile:
        return RegistryFile.model_validate({**dict(self), **changes})


def _find(kind: str, entries: Iterable[EntryT], key: str | None) -> EntryT:
    for entry in entries:
        if entry.key == key:
            return entry
    raise NotReleased(f"there is no {kind}" if key is None else f"there is no {kind} {key}")

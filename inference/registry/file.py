"""``weights/registry.json``: every release, and which one of each kind is served. This module reads and writes it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final, TypeVar

from pydantic import model_validator

from inference.registry.schema import ClassifierEntry, Entry, GateEntry, JointEntry, SegmenterEntry, Strict

REGISTRY_FILE: Final = "registry.json"


class NotReleased(LookupError):
    """The registry lists no such release."""


AnyEntry = ClassifierEntry | SegmenterEntry | GateEntry
EntryT = TypeVar("EntryT", bound=Entry)

_KINDS: Final[dict[type[Entry], str]] = {
    ClassifierEntry: "classifier",
    SegmenterEntry: "segmenter",
    GateEntry: "gate",
}


class RegistryFile(Strict):
    """The content of ``registry.json``: every release, and which of each kind is served (named ``NAME-VERSION``).

    It is immutable: ``register`` and ``replace`` return a new one. A new registry may still lack a classifier, a
    segmenter or a gate. Then the property for it raises ``NotReleased``.
    """

    classifier: str | None = None
    segmenter: str | None = None
    gate: str | None = None
    classifiers: tuple[ClassifierEntry, ...] = ()
    segmenters: tuple[SegmenterEntry, ...] = ()
    gates: tuple[GateEntry, ...] = ()
    joint: JointEntry | None = None

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
            ValueError: it is no registry (pydantic's ``ValidationError`` is a ValueError).
        """
        return cls.model_validate_json((folder / REGISTRY_FILE).read_bytes())

    def save(self, folder: Path) -> None:
        """Write ``folder``/registry.json atomically: a reader sees the old file or the new one.

        Raises:
            OSError: it cannot be written.
        """
        content = (
            json.dumps(self.model_dump(mode="json", exclude_none=True, by_alias=True), indent=2, ensure_ascii=False)
            + "\n"
        )
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
        """The classifier named ``NAME-VERSION``; by default the served one.

        Raises:
            NotReleased: there is none.
        """
        return _find("classifier", self.classifiers, key or self.classifier)

    def register(self, entry: AnyEntry, *, serve: bool = True) -> RegistryFile:
        """A registry with this release as the latest of its kind. It is served if `serve`."""
        kind = _KINDS[type(entry)]
        others = [other for other in getattr(self, f"{kind}s") if other.key != entry.key]
        return self._with({f"{kind}s": (*others, entry), kind: entry.key if serve else getattr(self, kind)})

    def replace(self, *entries: AnyEntry) -> RegistryFile:
        """A registry with these releases in place of those with the same name and version. It serves the same
        releases."""
        changes: dict[str, object] = {}
        for kind in _KINDS.values():
            new = {entry.key: entry for entry in entries if _KINDS[type(entry)] == kind}
            changes[f"{kind}s"] = tuple(new.get(old.key, old) for old in getattr(self, f"{kind}s"))
        return self._with(changes)

    def with_joint(self, entry: JointEntry) -> RegistryFile:
        """A registry with this model that joins the photo with a person's answers."""
        return self._with({"joint": entry})

    def _with(self, changes: dict[str, object]) -> RegistryFile:
        return RegistryFile.model_validate({**dict(self), **changes})


def _find(kind: str, entries: Iterable[EntryT], key: str | None) -> EntryT:
    for entry in entries:
        if entry.key == key:
            return entry
    raise NotReleased(f"there is no {kind}" if key is None else f"there is no {kind} {key}")

"""The released files: which are served, and whether they are exactly those that were released."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Generic

from pydantic import ValidationError

from inference.registry.file import REGISTRY_FILE, EntryT, NotReleased, RegistryFile
from inference.registry.schema import (
    ClassifierEntry,
    Entry,
    FileEntry,
    GateEntry,
    JointEntry,
    SegmenterEntry,
)

DEFAULT_WEIGHTS: Final = Path(__file__).resolve().parents[2] / "weights"


class RegistryError(Exception):
    """A release cannot be served. The message is one line that names the file."""


class UnknownClassifier(RegistryError):
    """The registry has no release with this name and version."""


@dataclass(frozen=True)
class Weights:
    """A released file: its release, its path and its SHA-256."""

    title: str
    path: Path
    sha256: str

    def content(self) -> bytes:
        """The file's bytes.

        Raises:
            RegistryError: it is missing, unreadable, or not the file that was released.
        """
        try:
            content = self.path.read_bytes()
        except OSError as error:
            raise RegistryError(f"weights of {self.title}: cannot read {self.path}: {error.strerror}") from error
        found = hashlib.sha256(content).hexdigest()
        if found != self.sha256:
            raise RegistryError(
                f"weights of {self.title}: {self.path} is damaged or another file: its SHA-256 is {found[:12]}..., "
                f"the registry has {self.sha256[:12]}..."
            )
        return content


@dataclass(frozen=True)
class Release(Generic[EntryT]):
    """A registry entry and the files that serve it, in the entry's order."""

    entry: EntryT
    files: tuple[Weights, ...]

    @classmethod
    def at(cls, folder: Path, entry: EntryT, files: Iterable[FileEntry]) -> "Release[EntryT]":
        """Look the files up in `folder` and verify them.

        Raises:
            RegistryError: see `Weights.content`.
        """
        found = tuple(Weights(entry.title, folder / file.file, file.sha256) for file in files)
        for weights in found:
            weights.content()
        return cls(entry, found)


def read_registry(folder: Path) -> RegistryFile:
    """All releases in `folder`/registry.json. Their files are not read.

    Raises:
        RegistryError: it is missing or no registry.
    """
    path = folder / REGISTRY_FILE
    try:
        return RegistryFile.load(folder)
    except OSError as error:
        raise RegistryError(f"no registry of weights: cannot read {path}: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        where = f" at {place}" if place else ""
        raise RegistryError(f"{path} is no registry of weights:{where} {first['msg']}") from error


@dataclass(frozen=True)
class Registry:
    """The releases that are served."""

    classifier: Release[ClassifierEntry]
    segmenter: Release[SegmenterEntry]
    gate: Release[GateEntry]
    joint: Release[JointEntry] | None = None

    @classmethod
    def load(cls, folder: Path = DEFAULT_WEIGHTS, classifier: str | None = None) -> "Registry":
        """Read `folder`/registry.json and verify the files that it serves.

        Args:
            folder: of registry.json.
            classifier: NAME-VERSION of a released classifier; None is the one that the registry serves.

        Raises:
            UnknownClassifier: see `classifier`.
            RegistryError: the registry or a served file is missing, damaged or foreign.
        """
        path, file = folder / REGISTRY_FILE, read_registry(folder)
        known = sorted(entry.key for entry in file.classifiers)
        if classifier is not None and classifier not in known:
            raise UnknownClassifier(f"{path} has no classifier {classifier}; it has {', '.join(known)}")
        try:
            chosen, segmenter, gate = file.find_classifier(classifier), file.served_segmenter, file.served_gate
        except NotReleased as error:
            raise RegistryError(f"{path} is not complete: {error}") from error
        return cls(
            Release.at(folder, chosen, [member.served for member in chosen.members]),
            Release.at(folder, segmenter, [segmenter.served]),
            Release.at(folder, gate, [gate.served, gate.backbone]),
            Release.at(folder, file.joint, [file.joint.served]) if file.joint else None,
        )

    @property
    def entries(self) -> dict[str, Entry]:
        """Role -> entry of the release."""
        return {"classifier": self.classifier.entry, "segmenter": self.segmenter.entry, "gate": self.gate.entry}

    @property
    def titles(self) -> dict[str, str]:
        """Role -> name and version."""
        return {role: entry.title for role, entry in self.entries.items()}

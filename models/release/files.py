"""The folder of released files, and its registry."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from inference.registry.file import REGISTRY_FILE, AnyEntry, RegistryFile
from inference.registry.schema import ClassifierEntry, FileEntry, JointEntry, Member
from models.errors import EvaluationError

LICENCE: Final = "CC BY-NC 4.0"


def store(content: bytes, path: Path) -> FileEntry:
    """Write a file beside the registry; returns its entry for the registry."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return FileEntry(file=path.name, sha256=hashlib.sha256(content).hexdigest())


def registry(weights: Path) -> RegistryFile:
    """The registry of a folder; an empty one if nothing was released yet."""
    return RegistryFile.load(weights) if (weights / REGISTRY_FILE).is_file() else RegistryFile()


def register(weights: Path, entry: AnyEntry) -> None:
    """Add a release to the registry, or replace the one with the same name and version, and serve it."""
    registry(weights).register(entry).save(weights)


def register_joint(weights: Path, entry: JointEntry) -> None:
    """Add the model that joins photo and answers to the registry."""
    RegistryFile.load(weights).with_joint(entry).save(weights)


def backbone_of(classifier: ClassifierEntry) -> Member:
    """The network of a classifier that computes features of the whole photo.

    Raises:
        EvaluationError: it has none.
    """
    for member in classifier.members:
        if member.input.view == "whole" and member.network.startswith("efficientnet"):
            return member
    raise EvaluationError(f"{classifier.key} has no EfficientNet that reads the whole photo, and the gate needs one")

"""weights/ by name and version: which files are served, and whether they are the ones that were released."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from pydantic import ValidationError

from models.release import ClassifierEntry, ModelEntry, SegmenterEntry, load_release

if TYPE_CHECKING:
    from torch import Tensor, nn

DEFAULT_WEIGHTS: Final = Path(__file__).resolve().parents[1] / "weights"
REGISTRY_FILE: Final = "registry.json"

Entry = TypeVar("Entry", bound=ModelEntry)


class RegistryError(Exception):
    """A release cannot be served. The message is one line that names the file."""


@dataclass(frozen=True)
class Release(Generic[Entry]):
    """A registry entry and the file of its weights, verified."""

    entry: Entry
    path: Path

    @property
    def title(self) -> str:
        return f"{self.entry.name} {self.entry.version}"

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
        if found != self.entry.sha256:
            raise RegistryError(
                f"weights of {self.title}: {self.path} is damaged or another file: its SHA-256 is {found[:12]}..., "
                f"the registry has {self.entry.sha256[:12]}..."
            )
        return content

    def load_into(self, network: "nn.Module") -> None:
        """Fill a network with the release's weights.

        Raises:
            RegistryError: see `content`; or the weights belong to another network.
        """
        from safetensors import SafetensorError
        from safetensors.torch import load

        content = self.content()
        try:
            state: dict[str, Tensor] = load(content)
        except SafetensorError as error:
            raise RegistryError(f"weights of {self.title}: {self.path} is no safetensors file: {error}") from error
        try:
            network.load_state_dict(state)
        except RuntimeError as error:
            # torch lists every tensor; the first complaint says enough.
            reason = next((line.strip() for line in str(error).splitlines()[1:]), str(error))
            raise RegistryError(
                f"weights of {self.title}: {self.path} belongs to another network: {reason[:200]}"
            ) from error


@dataclass(frozen=True)
class Registry:
    """The two releases that are served."""

    classifier: Release[ClassifierEntry]
    segmenter: Release[SegmenterEntry]

    @classmethod
    def load(cls, folder: Path = DEFAULT_WEIGHTS) -> "Registry":
        """Read `folder`/registry.json and verify the files that it serves.

        Raises:
            RegistryError: the registry or a served file is missing, damaged or foreign.
        """
        path = folder / REGISTRY_FILE
        try:
            release = load_release(path)
        except OSError as error:
            raise RegistryError(f"no registry of weights: cannot read {path}: {error.strerror}") from error
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            where = f" at {place}" if place else ""
            raise RegistryError(f"{path} is no registry of weights:{where} {first['msg']}") from error
        classifier, segmenter = release.served_classifier, release.served_segmenter
        registry = cls(Release(classifier, folder / classifier.file), Release(segmenter, folder / segmenter.file))
        registry.classifier.content()
        registry.segmenter.content()
        return registry

    @property
    def titles(self) -> dict[str, str]:
        """Role -> name and version."""
        return {"classifier": self.classifier.title, "segmenter": self.segmenter.title}

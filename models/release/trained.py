"""The sources of a release: the best epoch of a training run, or a network that was released before."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from safetensors.torch import load_file
from torch import nn

from inference.registry.file import REGISTRY_FILE, RegistryFile
from inference.registry.schema import ClassifierInput, FileEntry, Member
from models.errors import TrainingError
from models.networks import onnx_weights, zoo
from models.networks.segmenter import build_segmenter
from models.release import onnx
from models.release.files import store
from models.training.classification import ClassifierConfig
from models.training.loop import read_config, restored
from models.training.segmentation import SegmenterConfig

RELEASED: Final = ".onnx"


@dataclass(frozen=True)
class Trained:
    """A trained network.

    Attributes:
        config: of its training.
        file: the safetensors file of a run, or the ONNX file of a network that was released before.
    """

    config: ClassifierConfig | SegmenterConfig
    file: Path

    @property
    def released(self) -> bool:
        """Whether it was released before. Then it keeps its file."""
        return self.file.suffix == RELEASED

    def fill(self, network: nn.Module) -> None:
        """Fill a network with the weights, rounded to half precision as in a release."""
        if self.released:
            onnx_weights.fill(network, self.file.read_bytes())
            return
        loaded = load_file(self.file)
        network.load_state_dict(
            {name: value.half() if value.is_floating_point() else value for name, value in loaded.items()}
        )


def find(source: Path) -> Trained:
    """Find a trained network.

    Args:
        source: folder of a run, or the ONNX file of a released network, beside its registry.

    Raises:
        TrainingError: the folder holds no run, or the registry lists no such file.
    """
    if source.suffix == RELEASED:
        return _released(source)
    stored, best = read_config(source), source / "best.safetensors"
    if "network" in stored:
        return Trained(restored(SegmenterConfig, stored), best)
    return Trained(restored(ClassifierConfig, stored), best)


def write_segmenter(trained: Trained, config: SegmenterConfig, version: str, weights: Path) -> FileEntry:
    """Write the file of a segmenter, or keep the released one."""
    if trained.released:
        return store(trained.file.read_bytes(), weights / trained.file.name)
    network = build_segmenter(config.network)
    trained.fill(network)
    return store(onnx.convert_segmenter(network, config.frame), weights / f"{config.network}-{version}.onnx")


def write_member(trained: Trained, config: ClassifierConfig, version: str, weights: Path) -> Member:
    """Write the file of a classifier's network, or keep the released one; returns its entry."""
    if trained.released:
        file = store(trained.file.read_bytes(), weights / trained.file.name)
    else:
        network = zoo.build(config.name, config.size, config.kernel, pretrained=False)
        trained.fill(network)
        file = store(onnx.convert(network, config.size), weights / f"{config.name}-{version}-{config.view}.onnx")
    square = ClassifierInput(size=config.size, view=config.view, margin=config.margin)
    return Member(network=config.name, kernel=config.kernel, served=file, input=square)


def _released(source: Path) -> Trained:
    registry = source.parent / REGISTRY_FILE
    try:
        release = RegistryFile.load(source.parent)
    except (OSError, ValueError) as error:
        raise TrainingError(f"{source}: no registry of weights lies beside it") from error
    for entry in release.classifiers:
        for member in entry.members:
            if member.served.file == source.name:
                shape = member.input
                name = cast(zoo.Name, member.network)
                config = ClassifierConfig(name, shape.size, member.kernel, shape.view, shape.margin)
                return Trained(config, source)
    for segmenter in release.segmenters:
        if segmenter.served.file == source.name:
            return Trained(SegmenterConfig(segmenter.input.width, segmenter.network), source)
    raise TrainingError(f"{source}: {registry} lists no such network")

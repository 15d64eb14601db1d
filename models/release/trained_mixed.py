"""Networks that learnt from several sets, as released files: half-precision weights in ONNX, which training reads again
from there. A network that was released before keeps its file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from safetensors.torch import load_file
from torch import nn

from inference.registry.schema import ClassifierInput, FileEntry, Member
from models.networks import zoo
from models.networks.segmenter import build_segmenter
from models.release import onnx as onnx_file
from models.release.export import kept, store
from models.release.trained import RELEASED, find
from models.training.loop import read_config
from models.training.mixed import MixedConfig
from models.training.mixed_segmentation import MixedSegmenterConfig
from models.training.segmentation import SegmenterConfig


@dataclass(frozen=True)
class MixedRun:
    """A run of ``models.training.mixed`` or ``models.training.mixed_segmentation``, or a network released before.

    Attributes:
        config: what the network is and sees.
        file: its weights: the best of the run, or the ONNX file of the release.
    """

    config: MixedConfig | MixedSegmenterConfig
    file: Path

    @classmethod
    def read(cls, source: Path) -> MixedRun:
        """Find a network by the folder of its run, or by its ONNX file beside a registry.

        Raises:
            TrainingError: the folder holds no run, or the registry lists no such file.
        """
        if source.suffix == RELEASED:
            known = find(source).config
            if isinstance(known, SegmenterConfig):
                return cls(MixedSegmenterConfig(network=known.network, size=known.size), source)
            return cls(MixedConfig(known.name, known.size, known.kernel, known.view, known.margin), source)
        config = read_config(source)
        if "network" in config:
            return cls(MixedSegmenterConfig(**config), source / "best.safetensors")
        return cls(MixedConfig(**config), source / "best.safetensors")

    @property
    def released(self) -> bool:
        """Whether it was released before."""
        return self.file.suffix == RELEASED

    def fill(self, network: nn.Module) -> None:
        """Give a network the weights, rounded to half precision, which is what is released and measured."""
        loaded = load_file(self.file)
        network.load_state_dict(
            {name: value.half().float() if value.is_floating_point() else value for name, value in loaded.items()}
        )


def release_segmenter(run: MixedRun, version: str, weights: Path) -> FileEntry:
    """Write a run's best network as a served file."""
    config = run.config
    assert isinstance(config, MixedSegmenterConfig)
    if run.released:
        return kept(run.file, weights)
    network = build_segmenter(config.network)
    run.fill(network)
    content = onnx_file.convert_segmenter(network, config.frame)
    return store(content, weights / f"{config.network}-{version}.onnx")


def release_member(run: MixedRun, version: str, weights: Path) -> Member:
    """Write a run's best network as a served file; the registry's entry of it."""
    config = run.config
    assert isinstance(config, MixedConfig)
    if run.released:
        file = kept(run.file, weights)
    else:
        network = zoo.build(config.name, config.size, config.kernel, pretrained=False)
        run.fill(network)
        file = store(onnx_file.convert(network, config.size), weights / f"{config.name}-{version}-{config.view}.onnx")
    return Member(
        network=config.name, kernel=config.kernel, served=file,
        input=ClassifierInput(size=config.size, view=config.view, margin=config.margin),
    )  # fmt: skip

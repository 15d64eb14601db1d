"""Runs on several sets as released files: half-precision weights in ONNX, which training reads again from there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from safetensors.torch import load_file
from torch import Tensor

from inference.registry.schema import ClassifierInput, FileEntry, Member
from models.networks import zoo
from models.networks.segmenter import build_segmenter
from models.release import onnx as onnx_file
from models.release.export import store
from models.training.loop import read_config
from models.training.mixed import MixedConfig
from models.training.mixed_segmentation import MixedSegmenterConfig


@dataclass(frozen=True)
class MixedRun:
    """A run of ``models.training.mixed`` or ``models.training.mixed_segmentation``."""

    config: MixedConfig | MixedSegmenterConfig
    folder: Path

    @classmethod
    def read(cls, folder: Path) -> MixedRun:
        """Raises ``TrainingError`` where the folder holds no run."""
        config = read_config(folder)
        if "network" in config:
            return cls(MixedSegmenterConfig(**config), folder)
        return cls(MixedConfig(**config), folder)


def release_segmenter(run: MixedRun, version: str, weights: Path) -> FileEntry:
    """Write a run's best network as a served file."""
    config = run.config
    assert isinstance(config, MixedSegmenterConfig)
    network = build_segmenter(config.network)
    network.load_state_dict(_halved(run))
    content = onnx_file.convert_segmenter(network, config.frame)
    return store(content, weights / f"{config.network}-{version}.onnx")


def release_member(run: MixedRun, version: str, weights: Path) -> Member:
    """Write a run's best network as a served file; the registry's entry of it."""
    config = run.config
    assert isinstance(config, MixedConfig)
    network = zoo.build(config.name, config.size, config.kernel, pretrained=False)
    network.load_state_dict(_halved(run))
    file = store(onnx_file.convert(network, config.size), weights / f"{config.name}-{version}-{config.view}.onnx")
    return Member(
        network=config.name, kernel=config.kernel, served=file,
        input=ClassifierInput(size=config.size, view=config.view, margin=config.margin),
    )  # fmt: skip


def _halved(run: MixedRun) -> dict[str, Tensor]:
    loaded = load_file(run.folder / "best.safetensors")
    return {name: value.half().float() if value.is_floating_point() else value for name, value in loaded.items()}

"""Other classifiers, for the comparison with FixCaps: from timm, peft and ultralytics."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any, Final, cast

# isort: off
import models.networks.ultralytics_env  # ultralytics changes Pillow
import models.networks.torchvision_env  # noqa: F401  # before timm, which imports torchvision
import timm

# isort: on
import torch
from torch import Tensor, nn
from ultralytics.nn.tasks import ClassificationModel

from inference.classes import CLASSES
from models.networks import hub, packaged
from models.networks.classifier import Logits

ARCHITECTURES: Final = {
    "resnet50": "resnet50.a1_in1k",
    "vit-b16": packaged.CLIP_BASE,
    "dinov2-lora": "vit_base_patch14_dinov2.lvd142m",
    "dinov2-small-lora": packaged.DINOV2_SMALL,
}
"""timm's names, including the weights from which training starts."""

RANK: Final = 16


class Normalised(nn.Module):
    """A network with the input normalisation that its weights were trained with.

    Args:
        network: takes B x 3 x S x S normalised photos.
        mean, std: of red, green and blue.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, network: nn.Module, mean: tuple[float, ...], std: tuple[float, ...]) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("mean", torch.tensor(mean).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std).view(1, 3, 1, 1), persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        """Run the network on B x 3 x S x S photos, RGB, float in [0, 1]."""
        return cast(Tensor, self.network((images - self.mean) / self.std))


class FineTuned(Logits, Normalised):
    """A normalised network with logits of our classes as outputs."""


class YoloClassifier(Logits, nn.Module):
    """YOLOv8-cls, built from ultralytics' YAML with random weights."""

    def __init__(self, network: str) -> None:
        super().__init__()
        self.network = ClassificationModel(f"{network}.yaml", ch=3, nc=len(CLASSES), verbose=False)

    def forward(self, images: Tensor) -> Tensor:
        """Score B x 3 x S x S photos, RGB, float in [0, 1]; returns B x 8 logits."""
        outputs = self.network(images)
        return cast(Tensor, outputs if self.training else outputs[1])  # otherwise probabilities come first


def build(name: str, size: int, *, pretrained: bool) -> nn.Module:
    """Build a classifier, ready to be trained.

    Args:
        name: a key of ``ARCHITECTURES``, or ``yolov8n-cls``.
        size: side of the square input in pixels.
        pretrained: start from its pretrained weights; YOLOv8-cls has none.

    Raises:
        WeightsUnavailable: the pretrained weights are not available here.
    """
    if name == "yolov8n-cls":
        return YoloClassifier(name)
    architecture = ARCHITECTURES[name]
    network, mean, std = timm_network(architecture, size, len(CLASSES), pretrained=pretrained)
    return FineTuned(_low_rank(network) if name.endswith("-lora") else network, mean, std)


def timm_network(
    architecture: str, size: int, classes: int, *, pretrained: bool = True
) -> tuple[nn.Module, tuple[float, ...], tuple[float, ...]]:
    """One of timm's networks, and the mean and standard deviation for its input.

    Args:
        architecture: timm's name, including the weights.
        size: side of the square input in pixels.
        classes: number of outputs; 0 gives the pooled features.
        pretrained: load the weights, from an installed package that carries them or else from the hub.

    Raises:
        WeightsUnavailable: the weights are not available here.
        TrainingError: the package's file is not the known one.
    """
    config = timm.get_pretrained_cfg(architecture)
    assert config is not None, architecture
    sized: dict[str, Any] = {"img_size": size} if config.fixed_input_size else {}
    learnt = packaged.carried(architecture) if pretrained else None
    online = pretrained and learnt is None
    with hub.loading(architecture) if online else nullcontext():
        network = timm.create_model(architecture, pretrained=online, num_classes=classes, **sized)
    if learnt is not None:
        packaged.fill(network, learnt)
    return network, config.mean, config.std


def _low_rank(network: nn.Module) -> nn.Module:
    """Freeze a vision transformer, except for its head and low-rank changes of its attention.

    Source: Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models", ICLR 2022, equation 3.
    """
    from peft import LoraConfig, get_peft_model  # takes seconds to import, and only this network needs it

    changes = LoraConfig(r=RANK, lora_alpha=RANK, lora_dropout=0.1, target_modules=["qkv"], modules_to_save=["head"])
    return get_peft_model(network, changes)

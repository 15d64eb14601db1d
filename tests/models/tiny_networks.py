"""Tiny members of the families that are compared, with random weights in a hub's cache of their own."""

import json
from pathlib import Path
from typing import Any

# isort: off
import models.networks.torchvision_env  # noqa: F401  # before timm and open_clip, which import torchvision
import open_clip
import timm

# isort: on
import open_clip.pretrained
import pytest
import torch
from huggingface_hub import constants
from safetensors.torch import save_file
from timm.models import build_model_with_cfg, generate_default_cfgs, register_model
from timm.models.swin_transformer_v2 import SwinTransformerV2
from timm.models.vision_transformer import VisionTransformer
from torch import nn

CLIP = "tiny-clip"
CLIP_CONFIG = {
    "embed_dim": 16,
    "vision_cfg": {"image_size": 32, "layers": 1, "width": 32, "head_width": 16, "patch_size": 16},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1},
}
TIMM = ("test_resnet.r160_in1k", "test_vit.r160_in1k", "tiny_dinov2.random", "tiny_swinv2.random")


def settings(name: str, side: int) -> dict[str, Any]:
    statistics = {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}
    layers = {"first_conv": "patch_embed.proj", "classifier": "head.fc" if "swin" in name else "head"}
    return {
        "hf_hub_id": f"tests/{name}", "input_size": (3, side, side), "fixed_input_size": True, "num_classes": 7,
        **statistics, **layers,
    }  # fmt: skip


default_cfgs = generate_default_cfgs(
    {
        "tiny_dinov2.random": settings("tiny_dinov2", 70),
        "tiny_clip.random": settings("tiny_clip", 64),
        "tiny_swinv2.random": settings("tiny_swinv2", 64),
    }
)


@register_model
def tiny_dinov2(pretrained: bool = False, **changes: Any) -> nn.Module:
    shape = {"patch_size": 14, "embed_dim": 32, "depth": 2, "num_heads": 2, "init_values": 1e-5}
    return build_model_with_cfg(VisionTransformer, "tiny_dinov2", pretrained, **{**shape, **changes})


@register_model
def tiny_clip(pretrained: bool = False, **changes: Any) -> nn.Module:
    """CLIP's half that reads photos, as timm builds it."""
    shape = {"patch_size": 16, "embed_dim": 32, "depth": 2, "num_heads": 2, "pre_norm": True}
    return build_model_with_cfg(VisionTransformer, "tiny_clip", pretrained, **{**shape, **changes})


@register_model
def tiny_swinv2(pretrained: bool = False, **changes: Any) -> nn.Module:
    shape = {"window_size": 4, "embed_dim": 16, "depths": (2, 2), "num_heads": (1, 2)}
    return build_model_with_cfg(SwinTransformerV2, "tiny_swinv2", pretrained, **{**shape, **changes})


def empty_hub(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut the process off from any hub but the cache in this folder, and make the tiny CLIP known."""
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(folder))
    (folder / f"{CLIP}.json").write_text(json.dumps(CLIP_CONFIG))
    open_clip.add_model_config(folder / f"{CLIP}.json")
    known = {"random": {"hf_hub": f"tests/{CLIP}/", "mean": (0.5,) * 3, "std": (0.25,) * 3}}
    monkeypatch.setitem(open_clip.pretrained._PRETRAINED, CLIP, known)


def fill_hub(folder: Path) -> None:
    """Put random weights of every tiny network into the cache."""
    torch.manual_seed(1)
    for name in TIMM:
        config = timm.get_pretrained_cfg(name)
        assert config is not None and config.hf_hub_id is not None
        _put(folder, config.hf_hub_id, "model", timm.create_model(name))
    _put(folder, f"tests/{CLIP}", "open_clip_model", open_clip.create_model(CLIP))


def _put(folder: Path, repository: str, file: str, network: nn.Module) -> None:
    place = folder / f"models--{repository.replace('/', '--')}"
    (place / "refs").mkdir(parents=True)
    (place / "refs" / "main").write_text("1")
    (place / "snapshots" / "1").mkdir(parents=True)
    save_file(network.state_dict(), place / "snapshots" / "1" / f"{file}.safetensors")

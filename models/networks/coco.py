"""COCO weights from which a segmenter can start: ultralytics' own detector, identified by the hash of its file.

A checkpoint is a pickle, and opening a pickle runs code. So only the published file is opened. Detector and segmenter
share all layers except the class scores, the masks' coefficients and the prototypes.
"""

from __future__ import annotations

import hashlib
import io
from typing import Any, Final

import torch
from torch import Tensor, nn

PUBLISHED: Final = {"f59b3d833e2ff32e194b5bb8e08d211dc7c5bdf144b90d2c8412c47ccfc83b36": "yolov8n.pt"}
"""SHA-256 of the checkpoints that may be opened, with ultralytics' names for them (AGPL-3.0)."""


def is_published(content: bytes) -> bool:
    """Whether a file is one of these checkpoints."""
    return hashlib.sha256(content).hexdigest() in PUBLISHED


def adapted(content: bytes, network: nn.Module) -> dict[str, Tensor]:
    """The state of ``network`` with every tensor that a published checkpoint has under the same name and shape.

    Args:
        content: of the file.
        network: the other tensors come from it.

    Raises:
        ValueError: the file is no published checkpoint, or has nothing in common with the network.
    """
    if not is_published(content):
        raise ValueError("not a checkpoint that ultralytics published")
    checkpoint: Any = torch.load(io.BytesIO(content), map_location="cpu", weights_only=False)
    learnt, own = checkpoint["model"].float().state_dict(), network.state_dict()
    shared = {name: value for name, value in learnt.items() if name in own and value.shape == own[name].shape}
    if not shared:
        raise ValueError("these weights belong to another network")
    return own | shared

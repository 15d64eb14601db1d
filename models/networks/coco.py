"""Weights learnt on COCO to begin a segmenter with: ultralytics' own detector, whose file is known by its hash.

A checkpoint is a pickle, which runs what it contains; so only the one that ultralytics published is opened. Detector
and segmenter share all layers but the class scores, the masks' coefficients and the prototypes.
"""

from __future__ import annotations

import hashlib
import io
from typing import Any, Final

import torch
from torch import Tensor, nn

PUBLISHED: Final = {"f59b3d833e2ff32e194b5bb8e08d211dc7c5bdf144b90d2c8412c47ccfc83b36": "yolov8n.pt"}
"""SHA-256 of the checkpoints that are opened, and the names under which ultralytics released them (AGPL-3.0)."""


def is_published(content: bytes) -> bool:
    """Whether a file is one of these checkpoints."""
    return hashlib.sha256(content).hexdigest() in PUBLISHED


def adapted(content: bytes, network: nn.Module) -> dict[str, Tensor]:
    """The state of ``network`` with all that a published checkpoint has in the same place and shape.

    Args:
        content: of the file.
        network: the rest stays as it is here.

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

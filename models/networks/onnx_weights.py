"""Reads a torch network's weights from its ONNX file, so that a release has only one file for each network.

``models.release.onnx`` writes every weight unchanged, neither folded nor rounded. A weight ``x`` is the initialiser
``network.x``. If half precision can hold it exactly, its name ends in ``HALF``.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import onnx
import torch
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from onnx import numpy_helper
from torch import nn

from models.networks.widen import widened

HALF: Final = "_half"
_COUNTER: Final = "num_batches_tracked"  # of a batch norm; only those without momentum read it, and ours have momentum


def fill(network: nn.Module, content: bytes) -> None:
    """Fill a network with the exact weights of a file that was exported from the same kind of network.

    Args:
        network: built like the exported one; its other buffers stay unchanged.
        content: of the ONNX file.

    Raises:
        ValueError: the content is no ONNX file, or its weights belong to another network.
    """
    try:
        graph = onnx.load_model_from_string(content).graph
    except DecodeError as error:
        raise ValueError("not an ONNX file") from error
    held = {value.name.removesuffix(HALF): value for value in graph.initializer}
    whole = nn.ModuleDict({"network": network})
    layers = getattr(network, "model", None)
    if isinstance(layers, nn.Sequential):  # the export of a segmenter names the last layer twice
        whole["head"] = layers[-1]
    state = whole.state_dict(keep_vars=True)
    shared = state.keys() & held.keys()
    found = widened({name: torch.from_numpy(np.array(numpy_helper.to_array(held[name]))) for name in shared}, state)
    filled = {id(state[name]) for name in found}
    if any(id(value) not in filled and not name.endswith(_COUNTER) for name, value in state.items()):
        raise ValueError("these weights belong to another network")
    try:
        whole.load_state_dict(found, strict=False)
    except RuntimeError as error:  # the names are the same, the shapes are not
        raise ValueError("these weights belong to another network") from error

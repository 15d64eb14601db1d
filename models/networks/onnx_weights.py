"""Read a torch network's weights out of the ONNX file that serves it, so that a release keeps each network once.

``models.release.onnx`` writes every weight as it is: nothing is folded into another or rounded. A weight ``x`` is the
initialiser ``network.x``. Where half precision holds it exactly, its name ends in ``HALF``.
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
_COUNTER: Final = "num_batches_tracked"  # of a norm; only one without momentum reads it, and ours have momentum


def fill(network: nn.Module, content: bytes) -> None:
    """Give a network the weights of the file that was written from one like it; exact.

    Args:
        network: built as the one that was written; its other buffers stay as they are.
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
    if isinstance(layers, nn.Sequential):  # the writer of a segmenter names the last layer a second time
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

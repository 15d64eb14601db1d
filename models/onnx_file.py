"""A classifier as the ONNX file that serving runs.

The graph takes the squares that ``models.views`` cuts, as they are, and gives log-odds and evidence. The torch network
stays the reference: a test holds the two together.
"""

from __future__ import annotations

import warnings
from typing import Any, Final, cast

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from onnxscript import opset18 as op
from torch import Tensor, nn

from models.zoo import Classifier

SQUARES: Final = "squares"
LOG_ODDS: Final = "log_odds"
EVIDENCE: Final = "evidence"
HALF: Final = "_half"
SMALLEST: Final = 64  # tensors of fewer values stay in float32: they are norms and biases, and save nothing


class _Served(nn.Module):
    """A classifier as it is served: B x S x S x 3 uint8 RGB in, B x 7 log-odds and B x 7 x G x G evidence out."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, squares: Tensor) -> tuple[Tensor, Tensor]:
        network = cast(Classifier, self.network)
        outputs, cells = network.evidence(squares.permute(0, 3, 1, 2).float() / 255)
        return network.log_odds(outputs), cells


def convert(network: nn.Module, size: int) -> bytes:
    """A classifier for squares of ``size`` px as the content of an ONNX file; it ends in evaluation mode."""
    served = _Served(network).eval()
    squares = torch.zeros(2, size, size, 3, dtype=torch.uint8)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # torch's exporter calls what torch itself has deprecated
        program = torch.onnx.export(
            served, (squares,), dynamo=True, optimize=True, verbose=False,
            input_names=[SQUARES], output_names=[LOG_ODDS, EVIDENCE],
            dynamic_shapes={"squares": {0: torch.export.Dim("photos")}},
            custom_translation_table={torch.ops.aten.adaptive_max_pool2d.default: _adaptive_max_pool},
        )  # fmt: skip
    assert program is not None
    model = program.model_proto
    _halve(model.graph)
    for part in (model.graph, *model.graph.node, *model.graph.value_info, *model.graph.initializer):
        part.ClearField("metadata_props")  # stack traces, with the paths of the machine that wrote them
    onnx.checker.check_model(model)
    return cast(bytes, model.SerializeToString())


def _adaptive_max_pool(maps: Any, cells: Any) -> tuple[Any, Any]:
    """ONNX has no adaptive pooling: gather each cell's rows, then its columns, and take the highest."""
    pooled = maps
    for axis, (length, count) in enumerate(zip(maps.shape[2:], cells, strict=True), start=2):
        starts = [cell * length // count for cell in range(count)]
        ends = [-(-(cell + 1) * length // count) for cell in range(count)]
        longest = max(end - start for start, end in zip(starts, ends, strict=True))
        rows = [
            [min(start + step, end - 1) for step in range(longest)] for start, end in zip(starts, ends, strict=True)
        ]
        indices: Any = op.Constant(value=numpy_helper.from_array(np.array(rows, np.int64)))
        inner: Any = op.Constant(value_ints=[axis + 1])
        pooled = op.ReduceMax(op.Gather(pooled, indices, axis=axis), inner, keepdims=0)
    return pooled, pooled


def _halve(graph: onnx.GraphProto) -> None:
    """Keep large weights in half precision; the runtime widens them once, when it loads the file."""
    casts = []
    for value in graph.initializer:
        if value.data_type == TensorProto.FLOAT and np.prod(value.dims) >= SMALLEST:
            name = value.name
            value.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(value).astype(np.float16), name + HALF))
            casts.append(helper.make_node("Cast", [name + HALF], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)

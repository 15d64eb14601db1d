"""Exports networks as the ONNX files for serving; see ``inference.registry.tensors`` for inputs and outputs.

The files have exactly the weights of the torch networks. Nothing is folded or rounded here; the runtime may do that. So
``models.networks.onnx_weights`` can read the torch network back, and a release needs no second file. A test and
``python -m benchmarks parity`` compare both.
"""

from __future__ import annotations

import warnings
from typing import Any, Final, cast

import numpy as np
import onnx
import onnx_ir
import torch
from onnx import TensorProto, helper, numpy_helper
from onnxscript import opset18 as op
from onnxscript import optimizer
from torch import Tensor, nn
from ultralytics.nn.tasks import SegmentationModel

import models.networks.ultralytics_env  # noqa: F401  # ultralytics changes Pillow
from inference.classes import CLASSES
from inference.registry.tensors import (
    ATTRIBUTION,
    DETECTIONS,
    EXPLAIN,
    FEATURES,
    LOG_ODDS,
    LOGITS,
    MOST_LESIONS,
    SQUARES,
)
from models.networks.classifier import Classifier
from models.networks.efficientnet import Pretrained
from models.networks.onnx_weights import HALF

MOST_OVERLAP: Final = 0.2
"""The share of the smaller box that may lie in the other. A part of a lesion is not another lesion."""
NEVER: Final = -1e4  # the score, in log-odds, of an outline that overlaps a lesion already found

SMALLEST: Final = 64  # smaller tensors stay in float32: they are norms and biases, and would save nothing


class _ServedClassifier(nn.Module):
    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, squares: Tensor) -> tuple[Tensor, Tensor]:
        network = cast(Classifier, self.network)
        outputs, cells = network.attribution(_images(squares))
        return network.log_odds(outputs), cells


class _ServedPretrained(nn.Module):
    def __init__(self, network: Pretrained) -> None:
        super().__init__()
        self.network = network

    def forward(self, squares: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        logits, cells, features = self.network.with_features(_images(squares))
        return self.network.log_odds(logits), cells, features


class ServedSegmenter(nn.Module):
    """The network with the head's raw output: a thousand candidates, reduced to the best few."""

    anchors: Tensor
    strides: Tensor

    def __init__(self, network: SegmentationModel, frame: tuple[int, int]) -> None:
        super().__init__()
        self.network = network
        self.head: Any = cast(nn.Sequential, network.model)[-1]
        self.eval()
        with torch.no_grad():
            network(torch.zeros(1, 3, frame[1], frame[0]))  # computes the head's grid of anchors
        self.register_buffer("anchors", cast(Tensor, self.head.anchors)[None])
        self.register_buffer("strides", cast(Tensor, self.head.strides)[None])

    def forward(self, squares: Tensor) -> tuple[Tensor, Tensor]:
        _, raw = self.network(_images(squares))
        centre, size = (self.head.decode_bboxes(self.head.dfl(raw["boxes"]), self.anchors) * self.strides).chunk(2, 1)
        boxes, scores = torch.cat([centre - size / 2, centre + size / 2], 1), raw["scores"][:, 0]
        found = []
        for _ in range(MOST_LESIONS):
            best = scores.argmax(1)
            box, score, coefficients = (
                values.gather(2, best[:, None, None].expand(-1, values.shape[1], 1))
                for values in (boxes, scores[:, None], raw["mask_coefficient"])
            )
            found.append((torch.cat([box, score.sigmoid()], 1)[:, :, 0], coefficients[:, :, 0]))
            scores = torch.where(_overlap(boxes, box) > MOST_OVERLAP, NEVER, scores)
        detections, coefficients = (torch.stack(parts, 1) for parts in zip(*found, strict=True))
        return detections, torch.einsum("bnk,bkhw->bnhw", coefficients, raw["proto"])


def _overlap(boxes: Tensor, box: Tensor) -> Tensor:
    """The share of the smaller of two boxes that lies in the other, B x N, for B x 4 x N and B x 4 x 1 boxes."""
    sides = torch.minimum(boxes[:, 2:], box[:, 2:]) - torch.maximum(boxes[:, :2], box[:, :2])
    areas = [(each[:, 2] - each[:, 0]) * (each[:, 3] - each[:, 1]) for each in (boxes, box)]
    return sides.clamp(min=0).prod(1) / torch.minimum(*areas).clamp(min=1e-6)


def convert(network: nn.Module, size: int) -> bytes:
    """The ONNX file of a classifier for squares of ``size`` px. The network is left in evaluation mode."""
    if isinstance(network, Pretrained):
        model = traced(_ServedPretrained(network), (size, size), [LOG_ODDS, ATTRIBUTION, FEATURES])
    else:
        model = traced(_ServedClassifier(network), (size, size), [LOG_ODDS, ATTRIBUTION])
    _compute_attribution_where_asked(model.graph)
    return content(model)


def convert_segmenter(network: SegmentationModel, frame: tuple[int, int]) -> bytes:
    """The ONNX file of a segmenter for frames of this width and height. The network is left in evaluation mode."""
    served = ServedSegmenter(network, frame)
    # The head would decode all candidates and compute its grid again, which would fix the number of photos.
    served.head._inference = lambda raw: raw["scores"]
    try:
        return content(traced(served, frame, [DETECTIONS, LOGITS]))
    finally:
        del served.head._inference


def _images(squares: Tensor) -> Tensor:
    return squares.permute(0, 3, 1, 2).float() / 255


def traced(served: nn.Module, frame: tuple[int, int], outputs: list[str]) -> onnx.ModelProto:
    """The graph, with these outputs, of a module that takes any number of ``SQUARES`` of this width and height."""
    squares = torch.zeros(2, frame[1], frame[0], 3, dtype=torch.uint8)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # torch's exporter calls deprecated functions
        # Optimisation would fold norms into weights, and the torch network could not be read back.
        program = torch.onnx.export(
            served.eval(), (squares,), dynamo=True, optimize=False, verbose=False,
            input_names=[SQUARES], output_names=outputs,
            dynamic_shapes={"squares": {0: torch.export.Dim("photos")}},
            custom_translation_table={torch.ops.aten.adaptive_max_pool2d.default: _adaptive_max_pool},
        )  # fmt: skip
    assert program is not None
    optimizer.fold_constants(program.model)
    optimizer.remove_unused_nodes(program.model)
    return onnx_ir.to_proto(program.model)


def _adaptive_max_pool(maps: Any, cells: Any) -> tuple[Any, Any]:
    """ONNX has no adaptive pooling. So pool with the smallest cell, and join two of these for a larger cell."""
    whole, left = zip(*map(divmod, maps.shape[2:], cells), strict=True)
    if not any(left):
        pooled, _ = op.MaxPool(maps, kernel_shape=whole, strides=whole)
        return pooled, pooled
    ends = []
    for length, count in zip(maps.shape[2:], cells, strict=True):
        starts = [cell * length // count for cell in range(count)]
        stops = [-(-(cell + 1) * length // count) for cell in range(count)]
        sides = [stop - start for start, stop in zip(starts, stops, strict=True)]
        assert max(sides) <= 2 * min(sides), "two smallest cells would leave a gap"
        ends.append((min(sides), starts, [stop - min(sides) for stop in stops]))
    pooled, _ = op.MaxPool(maps, kernel_shape=[smallest for smallest, _, _ in ends], strides=[1, 1])
    for axis, (_, first, last) in enumerate(ends, start=2):
        halves: list[Any] = []
        for places in (first, last):
            indices: Any = op.Constant(value=numpy_helper.from_array(np.array(places, np.int64)))
            halves.append(op.Gather(pooled, indices, axis=axis))
        pooled = op.Max(*halves)
    return pooled, pooled


def _compute_attribution_where_asked(graph: onnx.GraphProto) -> None:
    """Move the operations that only attribution needs into a branch that runs if ``EXPLAIN`` is true."""
    wanted: set[str] = {output.name for output in graph.output if output.name != ATTRIBUTION}
    always = []
    for node in reversed(graph.node):
        if wanted & set(node.output):
            always.append(node)
            wanted.update(node.input)
    always.reverse()
    kept = {output for node in always for output in node.output}
    (attribution,) = (output for output in graph.output if output.name == ATTRIBUTION)
    taken, left = onnx.ValueInfoProto(), onnx.ValueInfoProto()
    for value, name in ((taken, ATTRIBUTION + "_found"), (left, ATTRIBUTION + "_unasked")):
        value.CopyFrom(attribution)
        value.name = name
    left.type.CopyFrom(helper.make_tensor_type_proto(TensorProto.FLOAT, [0, len(CLASSES), 1, 1]))
    extra = [node for node in graph.node if not kept & set(node.output)]
    found = helper.make_graph([*extra, helper.make_node("Identity", [ATTRIBUTION], [taken.name])], "found", [], [taken])
    for node in found.node:
        for names in (node.input, node.output):
            names[:] = [f"{name}_inner" if name == ATTRIBUTION else name for name in names]
    nothing = helper.make_tensor(left.name, TensorProto.FLOAT, [0, len(CLASSES), 1, 1], [])
    unasked = helper.make_graph([helper.make_node("Constant", [], [left.name], value=nothing)], "unasked", [], [left])
    # The runtime warns about every output whose size differs from the declared one.
    shape: list[str | int | None] = ["explained", len(CLASSES), "rows", "columns"]
    attribution.type.CopyFrom(helper.make_tensor_type_proto(TensorProto.FLOAT, shape))
    del graph.node[:]
    graph.node.extend(always)
    graph.node.append(helper.make_node("If", [EXPLAIN], [ATTRIBUTION], then_branch=found, else_branch=unasked))
    graph.input.append(helper.make_tensor_value_info(EXPLAIN, TensorProto.BOOL, []))


def content(model: onnx.ModelProto) -> bytes:
    """The bytes of a graph, without metadata that serving does not need."""
    halve(model.graph)
    # Stack traces, with paths of the machine that exported the graph, and shapes that the runtime finds by itself.
    _strip(model.graph)
    model.ClearField("metadata_props")
    onnx.checker.check_model(model)
    return cast(bytes, model.SerializeToString())


def halve(graph: onnx.GraphProto) -> None:
    """Store weights in half precision if it is exact. The runtime converts them once, on loading."""
    casts = []
    for value in graph.initializer:
        if value.data_type != TensorProto.FLOAT or np.prod(value.dims) < SMALLEST:
            continue
        values = numpy_helper.to_array(value)
        halves = values.astype(np.float16)
        if (halves == values).all():
            name = value.name
            value.CopyFrom(numpy_helper.from_array(halves, name + HALF))
            casts.append(helper.make_node("Cast", [name + HALF], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)


def _strip(graph: onnx.GraphProto) -> None:
    del graph.value_info[:]
    for part in (graph, *graph.node, *graph.initializer):
        part.ClearField("metadata_props")
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.GRAPH:
                _strip(attribute.g)

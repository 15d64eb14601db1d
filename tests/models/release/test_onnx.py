"""What is served answers as the torch network does."""

from typing import cast

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx.numpy_helper import from_array, to_array

from inference.registry.file import RegistryFile
from inference.registry.registry import DEFAULT_WEIGHTS
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
from models.networks import zoo
from models.networks.classifier import Classifier
from models.networks.efficientnet import Pretrained, lite
from models.networks.onnx_weights import fill
from models.networks.segmenter import build_segmenter, find_lesions, load_segmenter
from models.release import onnx as onnx_file
from models.training.classification import predict
from tests.inference.pictures import skin


def session(content: bytes) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])


@pytest.mark.parametrize(
    ("name", "size", "kernel"),
    [("fixcaps", 75, 19), ("fixcaps", 97, 19), ("fixcaps-ds", 72, 31), ("efficientnet-lite0", 64, 1)],
)
def test_an_onnx_file_answers_as_the_network(
    name: zoo.Name, size: int, kernel: int, capfd: pytest.CaptureFixture[str]
) -> None:
    torch.manual_seed(0)
    network = zoo.build(name, size, kernel, pretrained=False)
    squares = torch.randint(0, 256, (5, size, size, 3), dtype=torch.uint8)
    served = session(onnx_file.convert(network, size))
    expected = predict(network, squares, torch.device("cpu")).numpy()
    assert np.ptp(expected) > 0.1, "scores that are all alike would show nothing"

    def run(rows: torch.Tensor, *, explain: bool) -> list[np.ndarray]:
        return served.run([LOG_ODDS, ATTRIBUTION], {SQUARES: rows.numpy(), EXPLAIN: np.array(explain)})

    together, none = run(squares, explain=False)
    np.testing.assert_allclose(together, expected, atol=1e-4)
    alone = np.concatenate([run(square[None], explain=False)[0] for square in squares])
    np.testing.assert_allclose(alone, together, atol=1e-5)
    assert len(none) == 0
    explained, cells = run(squares, explain=True)
    np.testing.assert_array_equal(explained, together)
    with torch.inference_mode():
        _, found = cast(Classifier, network).attribution(squares.permute(0, 3, 1, 2).float() / 255)
    np.testing.assert_allclose(cells, found, atol=1e-4 * float(found.abs().max()))
    assert "VerifyOutputSizes" not in capfd.readouterr().err, "the runtime complains of every photo"


def test_a_segmenters_file_finds_what_the_network_finds() -> None:
    torch.manual_seed(0)
    network = build_segmenter().eval()
    squares = np.random.default_rng(0).integers(0, 256, (3, 64, 96, 3), np.uint8)
    detections, logits = session(onnx_file.convert_segmenter(network, (96, 64))).run(
        [DETECTIONS, LOGITS], {SQUARES: squares}
    )
    best = find_lesions(network, list(squares), (96, 64), min_score=0.0)
    for [outline], detection, inside in zip(best, detections, logits, strict=True):
        assert np.clip(detection[0, :4], 0, [96, 64, 96, 64]) == pytest.approx(outline.box, abs=1e-3)
        assert detection[0, 4] == pytest.approx(outline.score, abs=1e-6)
        assert inside.shape == (MOST_LESIONS, 16, 24)


def test_a_segmenters_file_finds_further_lesions_as_the_network_scores_them() -> None:
    entry = RegistryFile.load(DEFAULT_WEIGHTS).served_segmenter
    path, (width, height) = DEFAULT_WEIGHTS / entry.served.file, entry.input.frame
    spots = [skin(width // 2, height, seed) for seed in range(4)]
    squares = np.stack([np.concatenate(spots[:2], 1), np.concatenate(spots[2:], 1), skin(width, height)])
    detections, logits = session(path.read_bytes()).run([DETECTIONS, LOGITS], {SQUARES: squares})
    with torch.inference_mode():
        [candidates, _], _ = load_segmenter(path)(torch.from_numpy(squares).permute(0, 3, 1, 2).float() / 255)
    for rows, detection in zip(candidates[:, :5].mT.numpy(), detections, strict=True):
        np.testing.assert_allclose(detection, apart(rows), atol=1e-2)
    assert [int((scores > entry.further_score).sum()) for scores in detections[:, :, 4]] == [2, 2, 1]
    assert logits.shape == (3, MOST_LESIONS, height // 4, width // 4)


def apart(rows: np.ndarray) -> list[np.ndarray]:
    """The best candidates that hardly overlap, x1 y1 x2 y2 and score, of N x 5 with centre and size."""
    corners = np.concatenate([rows[:, :2] - rows[:, 2:4] / 2, rows[:, :2] + rows[:, 2:4] / 2, rows[:, 4:]], 1)
    found: list[np.ndarray] = []
    for row in corners[np.argsort(-corners[:, 4], kind="stable")]:
        sides = [np.clip(np.minimum(row[2:4], each[2:4]) - np.maximum(row[:2], each[:2]), 0, None) for each in found]
        smaller = [min(np.prod(each[2:4] - each[:2]), np.prod(row[2:4] - row[:2])) for each in found]
        if all(np.prod(side) <= onnx_file.MOST_OVERLAP * area for side, area in zip(sides, smaller, strict=True)):
            found.append(row)
    return found[:MOST_LESIONS]


def test_an_efficientnets_file_gives_what_its_stages_give_on_the_way() -> None:
    torch.manual_seed(0)
    network = Pretrained(lite(0, pretrained=False)).eval()
    squares = torch.randint(0, 256, (3, 64, 64, 3), dtype=torch.uint8)
    served = session(onnx_file.convert(network, 64))
    odds, features = served.run([LOG_ODDS, FEATURES], {SQUARES: squares.numpy(), EXPLAIN: np.array(False)})
    images = squares.permute(0, 3, 1, 2).float() / 255
    with torch.inference_mode():
        logits, _, expected = network.with_features(images)
        torch.testing.assert_close(logits, network(images))
        first = network.network.blocks[0](network.network.bn1(network.network.conv_stem(images * 2 - 1)))
    np.testing.assert_allclose(odds, logits, atol=1e-5)
    np.testing.assert_allclose(features, expected, atol=1e-5)
    np.testing.assert_allclose(features[:, :16], first.mean((2, 3)), atol=1e-5)
    assert features.shape == (3, 16 + 24 + 40 + 80 + 112 + 192 + 320)


def test_weights_that_are_halves_lose_nothing_and_others_stay_whole() -> None:
    halves, whole = np.arange(64, dtype=np.float32), np.linspace(0, 1, 64, dtype=np.float32)
    graph = onnx.helper.make_graph([], "weights", [], [], [from_array(halves, "halves"), from_array(whole, "whole")])
    onnx_file.halve(graph)
    small, kept = map(to_array, graph.initializer)
    assert small.dtype == np.float16 and (small == halves).all()
    assert kept.dtype == np.float32 and (kept == whole).all()
    assert [(node.op_type, node.output[0]) for node in graph.node] == [("Cast", "halves")]


def shaken(network: torch.nn.Module) -> torch.nn.Module:
    """The same network with other weights and norms' buffers, all different; half of them are halves."""
    for place, value in enumerate(network.state_dict().values()):
        if value.is_floating_point():
            value.copy_(torch.rand_like(value).half() if place % 2 else torch.rand_like(value))
    return network


def same_weights(one: torch.nn.Module, other: torch.nn.Module) -> bool:
    pairs = zip(one.state_dict().items(), other.state_dict().values(), strict=True)
    return all(torch.equal(mine, theirs) for (name, mine), theirs in pairs if not name.endswith("num_batches_tracked"))


@pytest.mark.parametrize("name", ["fixcaps", "fixcaps-ds", "efficientnet-lite0"])
def test_a_classifier_is_read_back_from_its_file_exactly(name: zoo.Name) -> None:
    network, again = (shaken(zoo.build(name, 72, 18, pretrained=False)) for _ in range(2))
    assert not same_weights(network, again)
    fill(again, onnx_file.convert(network, 72))
    assert same_weights(network, again)


def test_a_segmenter_is_read_back_from_its_file_exactly() -> None:
    network, again = (shaken(build_segmenter()) for _ in range(2))
    fill(again, onnx_file.convert_segmenter(network, (96, 64)))
    assert same_weights(network, again)


def test_a_file_of_another_network_or_of_none_is_refused() -> None:
    content = onnx_file.convert(zoo.build("fixcaps", 72, 18, pretrained=False), 72)
    for name, kernel in (("fixcaps", 9), ("fixcaps-ds", 18)):
        with pytest.raises(ValueError, match="belong to another network"):
            fill(zoo.build(cast(zoo.Name, name), 72, kernel, pretrained=False), content)
    with pytest.raises(ValueError, match="not an ONNX file"):
        fill(torch.nn.Linear(1, 1), b"nothing of the kind")

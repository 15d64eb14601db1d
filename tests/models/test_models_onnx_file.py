"""What is served answers as the torch network does."""

import numpy as np
import onnxruntime
import pytest
import torch

from models import onnx_file, zoo
from models.classification import predict


@pytest.mark.parametrize(
    ("name", "size", "kernel"), [("fixcaps", 75, 19), ("fixcaps-ds", 72, 31), ("efficientnet-lite0", 64, 1)]
)
def test_an_onnx_file_answers_as_the_network(name: zoo.Name, size: int, kernel: int) -> None:
    torch.manual_seed(0)
    network = zoo.build(name, size, kernel, pretrained=False)
    squares = torch.randint(0, 256, (5, size, size, 3), dtype=torch.uint8)
    session = onnxruntime.InferenceSession(onnx_file.convert(network, size), providers=["CPUExecutionProvider"])
    expected = predict(network, squares, torch.device("cpu")).numpy()
    assert np.ptp(expected) > 0.1, "scores that are all alike would show nothing"
    together = session.run(None, {"squares": squares.numpy()})[0]
    np.testing.assert_allclose(together, expected, atol=0.02)
    alone = np.concatenate([session.run(None, {"squares": square[None].numpy()})[0] for square in squares])
    np.testing.assert_allclose(alone, together, atol=1e-5)

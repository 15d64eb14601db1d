"""A released network in ONNX Runtime."""

from collections.abc import Sequence

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.capi.onnxruntime_pybind11_state import Fail, InvalidGraph, InvalidProtobuf

from inference.registry.registry import RegistryError, Weights
from inference.registry.tensors import SQUARES


class Session:
    """A network in ONNX Runtime; see `inference.registry.tensors` for its inputs and outputs.

    Args:
        weights: its file.
        frame: width and height of its input in pixels.
        threads: cores that one call may use.

    Raises:
        RegistryError: the file is not what the registry says.
    """

    def __init__(self, weights: Weights, frame: tuple[int, int], threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        # Waiting threads must not spin: they would take cores from the other networks, from drawing and from decoding.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = onnxruntime.InferenceSession(weights.content(), options, providers=["CPUExecutionProvider"])
        except (Fail, InvalidGraph, InvalidProtobuf) as error:
            raise RegistryError(f"weights of {weights.title}: {weights.path} is no ONNX network") from error
        shapes = {value.name: tuple(value.shape[1:]) for value in self._session.get_inputs()}
        if shapes.get(SQUARES) != (frame[1], frame[0], 3):
            raise RegistryError(
                f"weights of {weights.title}: {weights.path} belongs to another network: it does not read "
                f"{frame[0]} x {frame[1]} px"
            )

    def channels(self, output: str) -> int:
        """Length of an output's row for one photo; 0 if the network has no such output."""
        return next((int(value.shape[1]) for value in self._session.get_outputs() if value.name == output), 0)

    def run(
        self, outputs: Sequence[str], squares: NDArray[np.uint8], **others: NDArray[np.bool_]
    ) -> list[NDArray[np.float32]]:
        """The named outputs for B x H x W x 3 pictures (uint8, RGB) and the other inputs."""
        found: list[NDArray[np.float32]] = self._session.run(list(outputs), {SQUARES: squares, **others})
        return found

"""The lower bound of the time: operations of the networks, divided by the cores' rate of matrix multiplication."""

from pathlib import Path
from time import perf_counter
from typing import Final

import numpy as np
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from inference.registry.file import RegistryFile
from models.networks import zoo
from models.networks.segmenter import load_segmenter

MATRIX: Final = 1024  # rows and columns
TRIES: Final = 12


def matrix_rate() -> float:
    """Operations a second of a float32 matrix product on all cores; the best of some tries."""
    left, right = (np.random.default_rng(seed).normal(size=(MATRIX, MATRIX)).astype(np.float32) for seed in (0, 1))
    pair = torch.from_numpy(left), torch.from_numpy(right)
    best = float("inf")
    with torch.inference_mode():
        for _ in range(TRIES):
            for multiply in (lambda: left @ right, lambda: pair[0] @ pair[1]):
                began = perf_counter()
                multiply()
                best = min(best, perf_counter() - began)
    return 2 * MATRIX**3 / best


def operations(network: nn.Module, frame: tuple[int, int]) -> int:
    """Multiplications and additions of convolutions and matrix products, for one photo of this width and height."""
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        network.eval()(torch.zeros(1, 3, frame[1], frame[0]))
    return int(counter.get_total_flops())


def served_operations(weights: Path) -> dict[str, int]:
    """File of each served network -> its operations for one photo."""
    release = RegistryFile.load(weights)
    segmenter = release.served_segmenter
    counted = {
        segmenter.served.file: operations(
            load_segmenter(weights / segmenter.served.file, segmenter.network), segmenter.input.frame
        ),
    }
    for member in release.served_classifier.members:
        network = zoo.load(weights / member.served.file, member.network, member.input.size, member.kernel)
        counted[member.served.file] = operations(network, (member.input.size, member.input.size))
    return counted

"""One protocol for all rows: how photos are grouped, what is counted, and how long an answer takes."""

from __future__ import annotations

import time
from typing import Final, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from torch import Tensor

from inference.classes import CLASSES, SUSPICIOUS
from models.comparison.bench import Reader
from models.data.pictures import Photos
from models.evaluation.metrics import ROUNDS, Answers, Interval, bootstrap, figures

Asked = Literal["alone", "sorted", "shuffled"]

BATCH: Final = 31
"""Photos in a batch for rows that answer in batches, as in the code of the authors of FixCaps."""
FIGURES: Final = (
    "accuracy",
    "balanced_accuracy",
    "macro_f1",
    "melanoma_sensitivity",
    "melanoma_specificity",
    "roc_auc",
)
WARM_UP: Final = 3
TIMED: Final = 30
"""Number of photos that a row answers before the timing, and during it."""


def ask(reader: Reader, photos: Tensor, labels: NDArray[np.int64], asked: Asked, console: Console) -> Tensor:
    """Score N x S x S x 3 photos alone or in batches; returns N x 8 scores in the order of the photos."""
    order = {
        "alone": np.arange(len(photos)),
        "sorted": np.argsort(labels, kind="stable"),
        "shuffled": np.random.default_rng(1).permutation(len(photos)),
    }[asked]
    torch.manual_seed(1)  # for the row whose answers are random
    scores = torch.empty(len(photos), len(CLASSES))
    step = 1 if asked == "alone" else BATCH
    starts = range(0, len(order), step)
    for start in track(starts, f"asked {asked}", console=console):
        rows = order[start : start + step]
        scores[rows] = reader(photos[rows]).float()
    return scores


def measure(scores: Tensor, photos: Photos) -> dict[str, Interval]:
    """The figures of a row with their intervals. A row has no warnings, so it has no figures of them."""
    predicted = scores.argmax(1).numpy()
    suspicious = [CLASSES.index(name) for name in SUSPICIOUS]
    answers = Answers(
        photos.labels, predicted, scores.double().softmax(1).numpy(), np.isin(predicted, suspicious), photos.groups
    )
    every = bootstrap(lambda rows: figures(answers.take(rows)), photos.groups, ROUNDS)
    return {name: every[name] for name in FIGURES}


def clock(readers: dict[str, Reader], photos: dict[str, Tensor], console: Console) -> dict[str, float]:
    """Median milliseconds from one photo's square to its scores, on one thread of the CPU.

    The rows take turns, so that other load on the machine affects all of them.

    Args:
        readers: name -> reader; they are moved to the CPU.
        photos: name -> N x S x S x 3 squares.
        console: where progress is shown.
    """
    for reader in readers.values():
        reader.network.cpu()
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        taken: dict[str, list[float]] = {name: [] for name in readers}
        for turn in track(range(WARM_UP + TIMED), "timing", console=console):
            for name, reader in readers.items():
                some = photos[name]
                photo = some[[turn % len(some)]]
                began = time.perf_counter()
                reader(photo)
                taken[name].append(time.perf_counter() - began)
    finally:
        torch.set_num_threads(threads)
    return {name: float(np.median(seconds[WARM_UP:])) * 1e3 for name, seconds in taken.items()}

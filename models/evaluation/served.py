"""Answers of the served pipeline: ``python -m inference --json`` in a process of its own, as a chat would get them."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.classes import CLASSES
from models.evaluation.metrics import Answers


class EvaluationError(Exception):
    """The served pipeline did not answer; the message holds its last words."""


def serve(photos: Sequence[Path], weights: Path, *options: str) -> Iterator[dict[str, Any]]:
    """Answer photo files, one after another in the order given, as the records of ``--json``.

    Args:
        photos: the files.
        weights: folder of registry.json.
        options: more of the command's own options.

    Raises:
        EvaluationError: a photo could not be read, or the pipeline failed.
    """
    command = [sys.executable, "-m", "inference", "--json", "--weights", str(weights), *options, *map(str, photos)]
    answered = 0
    with (
        tempfile.TemporaryFile("w+", errors="replace") as said,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said, text=True) as process,
    ):
        assert process.stdout is not None
        try:
            for line in process.stdout:
                row = json.loads(line)
                if "error" in row:
                    raise EvaluationError(f"{row['photo']}: {row['error']}")
                answered += 1
                yield row
        except BaseException:  # also where the caller stops asking
            process.kill()
            raise
        if process.wait() or answered != len(photos):
            said.seek(0)
            last = said.read().strip().rpartition("\n")[2]
            raise EvaluationError(
                f"python -m inference ended with status {process.returncode} after {answered} photos: {last}"
            )


def collect(rows: Sequence[dict[str, Any]], labels: NDArray[np.int64], groups: tuple[str, ...]) -> Answers:
    """The records of ``serve`` beside the truth: N true class indices and N lesion ids."""
    given = [row["label"] is not None for row in rows]
    return Answers(
        labels,
        np.array([CLASSES.index(row["label"]) if row["label"] else -1 for row in rows], np.int64),
        np.array([[row["probabilities"].get(name, np.nan) for name in CLASSES] for row in rows], np.float64),
        np.array([known and row["risk"] != "low" for known, row in zip(given, rows, strict=True)], np.bool_),
        groups,
    )

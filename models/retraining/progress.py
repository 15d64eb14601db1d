"""The progress of a retraining, as one JSON file for the bot and for people. It is replaced as a whole."""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Literal

FILE: Final = "progress.json"
EVERY_S: Final = 1.0

State = Literal["preparing", "training", "releasing", "checking", "finished", "cancelled", "failed"]


@dataclass(frozen=True)
class Progress:
    """The state of a retraining.

    Attributes:
        state: the present step, or how it ended.
        version: of the new classifier.
        network: the one in training, number ``number`` of ``of``.
        epoch, step: the progress of its training, out of ``epochs`` and ``steps``.
        seconds_left: until the last network is trained; None if unknown.
        error: why it failed.
        candidate: folder with the new classifier, once it is finished.
        figures: each kind of picture, figure, its present and new value, and whether it is worse beyond noise.
    """

    state: State = "preparing"
    version: str = ""
    network: str = ""
    number: int = 0
    of: int = 0
    epoch: int = 0
    epochs: int = 0
    step: int = 0
    steps: int = 0
    seconds_left: float | None = None
    error: str = ""
    candidate: str = ""
    figures: tuple[dict[str, Any], ...] = field(default_factory=tuple)


class ProgressFile:
    """Writes the progress into a folder, at most once a second while a network is trained."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._now = Progress()
        self._written = float("-inf")
        self._began = time.monotonic()
        self._first: int | None = None

    def change(self, **changes: Any) -> None:
        """Change some values and write the file."""
        self._now = replace(self._now, **changes)
        part = self._path.with_suffix(".part")
        part.write_text(json.dumps(asdict(self._now)), encoding="utf-8")
        os.replace(part, self._path)
        self._written = time.monotonic()

    def step(self, epoch: int, step: int, steps: int) -> None:
        """Note a step of the network in training; ``epoch`` epochs are finished."""
        now = self._now
        done = ((now.number - 1) * now.epochs + epoch) * steps + step
        if self._first is None:
            # The speed of an earlier process says nothing about this one.
            self._first, self._began = done, time.monotonic()
        if time.monotonic() - self._written < EVERY_S and step < steps:
            return
        rest = now.of * now.epochs * steps - done
        speed = (done - self._first) / max(time.monotonic() - self._began, 1e-6)
        left = rest / speed if speed else None
        self.change(state="training", epoch=epoch + 1, step=step, steps=steps, seconds_left=left)

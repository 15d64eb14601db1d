"""Joins a person's answers with the photo's probabilities: each answer is evidence for or against each class.

The words are those of PAD-UFES-20's table (Pacheco et al., Data in Brief 32:106221, 2020). An answer that is missing,
empty or ``UNK`` has no effect.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from inference.classes import CLASSES

QUESTIONS: Final = ("itch", "grew", "hurt", "changed", "bleed", "elevation")
"""Answered by True or False."""
REGIONS: Final = (
    "ABDOMEN", "ARM", "BACK", "CHEST", "EAR", "FACE", "FOOT",
    "FOREARM", "HAND", "LIP", "NECK", "NOSE", "SCALP", "THIGH",
)  # fmt: skip
AGES: Final = (30.0, 50.0, 65.0, 80.0)
"""Centres of overlapping age groups, in years."""
COLUMNS: Final = (
    *(f"{question}={answer}" for question in QUESTIONS for answer in ("True", "False")),
    *(f"region={region}" for region in REGIONS),
    *(f"age={age:.0f}" for age in AGES),
)
"""The columns that ``encode`` returns, in order."""

_WIDTH: Final = 12.0  # years; standard deviation of an age group


def encode(answers: Mapping[str, object]) -> NDArray[np.float64]:
    """Answers as a row of ``COLUMNS``, each in [0, 1]; all 0 if nothing was answered.

    Args:
        answers: question -> answer; ``age`` in years, ``region`` one of ``REGIONS``, the rest True or False, or these
            as text. Anything else counts as not given.
    """
    row = np.zeros(len(COLUMNS))
    given = {name: str(value).strip() for name, value in answers.items()}
    for question in QUESTIONS:
        answer = given.get(question, "").capitalize()
        if answer in ("True", "False"):
            row[COLUMNS.index(f"{question}={answer}")] = 1
    region = given.get("region", "").upper()
    if region in REGIONS:
        row[COLUMNS.index(f"region={region}")] = 1
    try:
        age = float(given.get("age", ""))
    except ValueError:
        return row
    nearness = np.exp(-0.5 * ((age - np.array(AGES)) / _WIDTH) ** 2)
    row[-len(AGES) :] = nearness / max(nearness.sum(), 1e-9)
    return row


@dataclass(frozen=True, eq=False)
class Joint:
    """Joins photo and answers: softmax(photo * log p + weight @ encoded + bias).

    Attributes:
        photo: 1, the factor of the photo's log-probabilities.
        weight: C x len(COLUMNS), the evidence of every answer for each of C classes.
        bias: C.
    """

    photo: NDArray[np.float32]
    weight: NDArray[np.float32]
    bias: NDArray[np.float32]

    @classmethod
    def read(cls, content: bytes) -> Joint:
        """Read a released file.

        Raises:
            ValueError: it is no such file, or belongs to other questions.
        """
        try:
            stored = load(content)
            joint = cls(stored["photo"], stored["weight"], stored["bias"])
        except (SafetensorError, KeyError) as error:
            raise ValueError("these are no weights of answers") from error
        if joint.weight.shape != (len(CLASSES), len(COLUMNS)):
            raise ValueError("these weights are of other questions")
        return joint

    def content(self) -> bytes:
        """The content of a released file."""
        return save({"photo": self.photo, "weight": np.ascontiguousarray(self.weight), "bias": self.bias})

    def __call__(self, probabilities: Mapping[str, float], answers: Mapping[str, object]) -> dict[str, float]:
        """The photo's probabilities after the answers; unchanged if nothing was answered."""
        encoded = encode(answers)
        if not encoded.any():
            return dict(probabilities)
        given = np.array([probabilities[name] for name in CLASSES])
        row = self.joined(given[None], encoded[None])[0]
        return dict(zip(CLASSES, row.tolist(), strict=True))

    def joined(self, probabilities: NDArray[np.float64], encoded: NDArray[np.float64]) -> NDArray[np.float64]:
        """N x C probabilities after N x len(COLUMNS) encoded answers."""
        scores = np.log(np.clip(probabilities, 1e-9, 1)) * self.photo + encoded @ self.weight.T + self.bias
        shares = np.exp(scores - scores.max(1, keepdims=True))
        return np.asarray(shares / shares.sum(1, keepdims=True))

"""The errors of the commands of ``models``. Each message is one line that says what is wrong and where."""

from __future__ import annotations


class ModelsError(Exception):
    """A command cannot start or go on. It ends with this message."""


class DataError(ModelsError):
    """Something in a data folder is missing or unknown."""


class TrainingError(ModelsError):
    """A training cannot start or go on."""


class WeightsUnavailable(TrainingError):
    """Pretrained weights are neither in the cache nor on a hub that can be reached."""


class EvaluationError(ModelsError):
    """The served pipeline cannot answer."""


class ComparisonError(ModelsError):
    """A comparison cannot start or go on."""

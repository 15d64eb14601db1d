"""What can go wrong in a command of ``models``. Each message is one line that says what and where."""

from __future__ import annotations


class ModelsError(Exception):
    """A command cannot start or go on; it ends with this message."""


class DataError(ModelsError):
    """A data folder lacks something, or holds what it should not."""


class TrainingError(ModelsError):
    """A training cannot start or go on."""


class WeightsUnavailable(TrainingError):
    """Pretrained weights are neither on a hub that can be reached nor in its cache."""


class EvaluationError(ModelsError):
    """The served pipeline cannot answer."""


class ComparisonError(ModelsError):
    """A comparison cannot start or go on."""

"""Rows with one released network, alone and before calibration."""

from __future__ import annotations

from typing import cast

from inference.registry.file import RegistryFile
from models.comparison.bench import VIEW, Bench, Reader
from models.errors import ComparisonError
from models.networks import zoo
from models.networks.classifier import Classifier


def reader(bench: Bench, _row: str, network: zoo.Name) -> Reader:
    """A network that reads the same view as every row, from the newest release that has one.

    Raises:
        ComparisonError: no release has one.
    """
    for entry in reversed(RegistryFile.load(bench.weights).classifiers):
        for member in entry.members:
            if member.network == network and member.input.view == VIEW:
                found = zoo.load(bench.weights / member.served.file, network, member.input.size, member.kernel)
                head = cast(Classifier, found).log_odds
                return Reader(found.to(bench.device), head, member.input.size, f"released in {entry.key}")
    raise ComparisonError(f"{bench.weights}: no release has a {network} that looks at the {VIEW}")

"""Rows with one released network, alone and before calibration."""

from __future__ import annotations

from typing import cast

from inference.registry.file import RegistryFile
from models.comparison.bench import Bench, Reader
from models.errors import ComparisonError
from models.networks import zoo
from models.networks.classifier import Classifier


def reader(bench: Bench, _row: str, network: zoo.Name) -> Reader:
    """A network from the newest release that has one, with the view that it learnt from.

    Raises:
        ComparisonError: no release has one.
    """
    for entry in reversed(RegistryFile.load(bench.weights).classifiers):
        for member in entry.members:
            if member.network == network:
                size, view = member.input.size, member.input.view
                found = zoo.load(bench.weights / member.served.file, network, size, member.kernel)
                head = cast(Classifier, found).log_odds
                origin = f"released in {entry.key}" + (", whole photo" if view == "whole" else "")
                return Reader(found.to(bench.device), head, size, origin, view)
    raise ComparisonError(f"{bench.weights}: no release has a {network}")

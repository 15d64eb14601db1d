"""Writes the figures of a report into the registry and into the model cards."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from inference.registry.file import EntryT, RegistryFile
from inference.registry.schema import DIGITS
from models.data.ham10000 import Split
from models.evaluation.evaluate import Evaluation
from models.evaluation.metrics import Interval
from models.release.cards import write_card


def record_metrics(weights: Path, evaluation: Evaluation, classifier: str | None = None) -> None:
    """Write a report's figures into the registry and the cards; undefined figures are left out.

    Args:
        weights: folder of registry.json.
        evaluation: with the figures.
        classifier: NAME-VERSION of the evaluated classifier; None is the served one.
    """
    release = RegistryFile.load(weights)
    classified = _with_metrics(release.find_classifier(classifier), evaluation.split, evaluation.classifier)
    segmented = _with_metrics(release.served_segmenter, evaluation.split, evaluation.segmenter)
    release.replace(classified, segmented).save(weights)
    write_card(classified, weights)
    write_card(segmented, weights)


def record_refusals(weights: Path, split: Split, lesions: Interval, everyday: Interval) -> None:
    """Write the shares of refused pictures, from ``models.gate.refusal``, into the gate's entry and card.

    Args:
        weights: folder of registry.json.
        split: of the lesions.
        lesions, everyday: shares of the lesions and of the everyday pictures that are refused.
    """
    release = RegistryFile.load(weights)
    entry = _with_metrics(release.served_gate, split, {"lesions_refused": lesions, "everyday_refused": everyday})
    release.replace(entry).save(weights)
    write_card(entry, weights)


def _with_metrics(entry: EntryT, split: str, found: Mapping[str, Interval]) -> EntryT:
    """The entry with a split's figures; undefined ones are left out."""
    known = {name: [round(end, DIGITS) for end in value] for name, value in found.items() if not np.isnan(value).any()}
    return entry.with_changes(metrics={**entry.metrics, split: known})

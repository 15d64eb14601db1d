"""Drift: whether photos and answers still look like those of the validation set.

The population stability index compares each feature of a photo, and the predicted class, with photos of the same kind
in `val`. The release's report has the shares of those.
"""

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from inference.analysis import Analysis
from inference.classes import CLASSES
from inference.domains import DOMAINS, Domain

FEATURES: Final = ("sharpness", "brightness", "contrast", "area")
"""Features of a photo, all 0..1. `area` is the share of the photo that the lesion's outline covers."""
LABEL: Final = "label"

PSI_LIMIT: Final = 0.25
"""From this index on, two distributions count as different. Below 0.1 they count as similar. Between these,
look closer. These are the usual limits (N. Siddiqi, Credit Risk Scorecards, 2006, chapter 6)."""
ENOUGH: Final = 100
"""With fewer photos on either side, there is no index."""
_SMALLEST_SHARE: Final = 0.001
"""An empty part would make the index infinite."""
_PARTS: Final = 10


@dataclass(frozen=True)
class Distribution:
    """The shares of values between `edges`, in ascending order; there is one more share than edges."""

    edges: tuple[float, ...]
    shares: tuple[float, ...]

    @classmethod
    def of(cls, values: Sequence[float]) -> "Distribution":
        """The shares of at least one value, between its deciles."""
        edges = tuple(float(edge) for edge in np.unique(np.quantile(values, np.linspace(0, 1, _PARTS + 1)[1:-1])))
        return cls(edges, _shares(values, edges))

    def psi(self, values: Sequence[float]) -> float:
        """The index of at least one other value."""
        return psi(self.shares, _shares(values, self.edges))


@dataclass(frozen=True)
class Reference:
    """What `photos` photos of one kind looked like in `val`: the shares of the classes, and each feature."""

    photos: int
    labels: Mapping[str, float]
    features: Mapping[str, Distribution]

    @classmethod
    def of(cls, seen: Sequence[tuple[str, Mapping[str, float]]]) -> "Reference":
        """The reference from the label and the features of at least one photo."""
        counts = Counter(label for label, _ in seen)
        found = {name: [each[name] for _, each in seen if name in each] for name in FEATURES}
        return cls(
            len(seen),
            {label: counts[label] / len(seen) for label in CLASSES},
            {name: Distribution.of(values) for name, values in found.items() if values},
        )

    def drift(self, seen: Sequence[tuple[str, Mapping[str, float]]]) -> dict[str, float]:
        """The index of the classes (`LABEL`) and of each feature; empty if either side has too few photos."""
        if min(self.photos, len(seen)) < ENOUGH:
            return {}
        counts = Counter(label for label, _ in seen)
        found = {LABEL: psi(list(self.labels.values()), [counts[label] / len(seen) for label in self.labels])}
        for name, distribution in self.features.items():
            # Answers of earlier releases have no features.
            values = [each[name] for _, each in seen if name in each]
            if len(values) >= ENOUGH:
                found[name] = distribution.psi(values)
        return found


def features(analysis: Analysis) -> dict[str, float]:
    """The features of an analysed photo; without `area` if nothing is outlined."""
    quality = analysis.quality
    found = {"sharpness": quality.sharpness, "brightness": quality.brightness, "contrast": quality.contrast}
    if analysis.lesion is not None:
        found["area"] = float(analysis.lesion.mask.mean())
    return {name: round(value, 4) for name, value in found.items()}


def psi(expected: Sequence[float], found: Sequence[float]) -> float:
    """The population stability index: the sum of (found - expected) * ln(found / expected) over all shares."""
    total = 0.0
    for before, now in zip(expected, found, strict=True):
        before, now = max(before, _SMALLEST_SHARE), max(now, _SMALLEST_SHARE)
        total += (now - before) * math.log(now / before)
    return total


def to_report(references: Mapping[Domain, Reference]) -> dict[str, Any]:
    """JSON for the release's report."""
    return {
        domain: {
            "photos": each.photos,
            "labels": {label: round(share, 4) for label, share in each.labels.items()},
            "features": {
                name: {"edges": list(found.edges), "shares": [round(share, 4) for share in found.shares]}
                for name, found in each.features.items()
            },
        }
        for domain, each in references.items()
    }


def references(folder: Path, classifier: str) -> dict[Domain, Reference]:
    """What `val` looked like to a classifier, by kind of photo; empty if there is no report of it.

    Args:
        folder: of weights and reports.
        classifier: its name and version, as in `Analysis.models`.
    """
    for path in (folder / f"kinds-val-{classifier.replace(' ', '-')}.json", folder / "kinds-val.json"):
        try:
            report = json.loads(path.read_bytes())
        except (OSError, ValueError):
            continue
        if report.get("classifier") == classifier:
            return {domain: _stored(report["seen"][domain]) for domain in DOMAINS if domain in report["seen"]}
    return {}


def _stored(seen: Mapping[str, Any]) -> Reference:
    found = {name: Distribution(tuple(each["edges"]), tuple(each["shares"])) for name, each in seen["features"].items()}
    return Reference(seen["photos"], {label: seen["labels"][label] for label in CLASSES}, found)


def _shares(values: Sequence[float], edges: Sequence[float]) -> tuple[float, ...]:
    places = np.searchsorted(edges, values, side="right")
    return tuple((np.bincount(places, minlength=len(edges) + 1) / len(values)).tolist())

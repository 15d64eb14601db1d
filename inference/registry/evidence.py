"""What was measured of the served models for one kind of photo, as the release's own report has it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from inference.domains import Domain
from inference.registry.file import NotReleased, RegistryFile

KINDS_REPORT: Final = "kinds-test.json"

_BY_KIND: Final = "By set and kind of picture"


@dataclass(frozen=True)
class Figure:
    """A share, 0..1, with its 95 % bootstrap interval."""

    share: float
    lower: float
    upper: float


@dataclass(frozen=True)
class Evidence:
    """Figures on one set of photos.

    `source` is the set and `picture` what its photos were taken with, both as the report names them. `accuracy`: share
    answered rightly. `melanoma_warned`, `suspicious_warned`, `benign_warned`: share of melanomas, of all malignant and
    pre-malignant lesions, and of benign ones that raise a warning. A figure is None where there were no such lesions.
    """

    source: str
    picture: str
    photos: int
    accuracy: Figure | None
    melanoma_warned: Figure | None
    suspicious_warned: Figure | None
    benign_warned: Figure | None


def evidence(folder: Path, domain: Domain, classifier: str) -> tuple[Evidence, ...]:
    """What the report in a folder of weights says of photos of this kind.

    Args:
        folder: where registry.json and the reports lie.
        domain: the kind of photo.
        classifier: name and version of the classifier that answered, as in `Analysis.models`.

    Returns:
        One entry for each set of such photos; none where there is no report, or it is of another classifier.
    """
    try:
        served = RegistryFile.load(folder).served_classifier.title
        report = json.loads((folder / KINDS_REPORT).read_bytes())
    except (OSError, ValueError, NotReleased):
        return ()
    if served != classifier:
        return ()
    tables, counts = report["tables"][_BY_KIND], report["counts"][_BY_KIND]
    return tuple(_entry(name, tables[name], counts[name]) for name in tables if _domain(name) == domain)


def _domain(name: str) -> Domain:
    return "dermatoscope" if name.endswith("dermatoscope") else "phone"


def _entry(name: str, figures: dict[str, Any], photos: int) -> Evidence:
    source, _, picture = name.partition(", ")
    keys = "accuracy", "melanoma_warned", "warning_sensitivity", "benign_warned"
    return Evidence(source, picture, photos, *(_figure(figures.get(key)) for key in keys))


def _figure(value: list[float | None] | None) -> Figure | None:
    if value is None:
        return None
    share, lower, upper = value
    return None if share is None or lower is None or upper is None else Figure(share, lower, upper)

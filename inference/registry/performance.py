"""How well the served models do on each kind of photo, from the release's own report."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from inference.domains import Domain
from inference.registry.file import NotReleased, RegistryFile

KINDS_REPORT: Final = "kinds-test.json"
"""The report by set and kind of picture, beside the registry; see `models.evaluation.kinds`."""

_BY_KIND: Final = "By set and kind of picture"


@dataclass(frozen=True)
class Proportion:
    """A share, 0..1, with its 95 % interval."""

    value: float
    lower: float
    upper: float


@dataclass(frozen=True)
class Performance:
    """Performance of the models on one set of photos.

    `source` is the set and `picture` what its photos were taken with, both as in the report. `accuracy`: share of right
    classes. `melanoma_warned`, `suspicious_warned`, `benign_warned`: shares of the melanomas, of all malignant and
    pre-malignant lesions, and of the benign ones that raise a warning. A share is None if there were no such lesions.
    """

    source: str
    picture: str
    photos: int
    accuracy: Proportion | None
    melanoma_warned: Proportion | None
    suspicious_warned: Proportion | None
    benign_warned: Proportion | None


def performance_of(folder: Path, domain: Domain, classifier: str) -> tuple[Performance, ...]:
    """The models' performance on photos of this kind, from the report in a folder of weights.

    Args:
        folder: of registry.json and the reports.
        domain: the kind of photo.
        classifier: name and version of the classifier that answered, as in `Analysis.models`.

    Returns:
        One entry for each set of such photos; empty if there is no report, or it is of another classifier.
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


def melanomas_missed(folder: Path) -> dict[Domain, float]:
    """Domain -> share of the melanomas on `test` that raised no warning, 0..1.

    If there are several sets of a domain, the worst one counts. Empty if the folder of weights has no report.
    """
    path = folder / KINDS_REPORT
    if not path.is_file():
        return {}
    missed: dict[Domain, float] = {}
    for name, figures in json.loads(path.read_bytes())["tables"][_BY_KIND].items():
        if "melanoma_warned" in figures:
            domain = _domain(name)
            missed[domain] = max(missed.get(domain, 0.0), 1 - figures["melanoma_warned"][0])
    return missed


def warned_on_val(folder: Path, key: str) -> dict[str, tuple[float, float]]:
    """Shares of the melanomas and of the benign lesions of `val` that a published classifier warns of.

    By set and kind of picture, as the report names them; empty without a report of `models.release.publish`.
    """
    try:
        report = json.loads((folder / f"kinds-val-{key}.json").read_bytes())
    except (OSError, ValueError):
        return {}
    found = {}
    for name, row in report["tables"][_BY_KIND].items():
        melanoma, benign = _proportion(row["melanoma_warned"]), _proportion(row["benign_warned"])
        if melanoma is not None and benign is not None:
            found[name] = melanoma.value, benign.value
    return found


def _domain(name: str) -> Domain:
    return "dermatoscope" if name.endswith("dermatoscope") else "phone"


def _entry(name: str, figures: dict[str, Any], photos: int) -> Performance:
    source, _, picture = name.partition(", ")
    keys = "accuracy", "melanoma_warned", "warning_sensitivity", "benign_warned"
    return Performance(source, picture, photos, *(_proportion(figures.get(key)) for key in keys))


def _proportion(value: list[float | None] | None) -> Proportion | None:
    if value is None:
        return None
    share, lower, upper = value
    return None if share is None or lower is None or upper is None else Proportion(share, lower, upper)

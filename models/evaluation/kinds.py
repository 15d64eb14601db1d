"""Measure the served pipeline on every set and kind of picture, one photo at a time, and by skin tone, age and site."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from inference.analysis import Analysis
from inference.domains import DOMAINS, Domain
from inference.drift import Reference, features, to_report
from models.data.ham10000 import Split
from models.data.pictures import NO_CLASS, TITLES, Photo, Photos, load_photos
from models.evaluation.metrics import Interval, bootstrap, figures
from models.evaluation.served import collect, read_encoded, serve, watched, without_mask

SHOWN: Final = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "melanoma_warned": "melanomas warned of",
    "warning_sensitivity": "malignant and pre-malignant warned of",
    "benign_warned": "benign warned of",
    "ece": "calibration error",
    "refused": "refused",
    "domain_right": "kind of picture recognised",
}
ROUNDS: Final = 300
FEWEST: Final = 8
"""A group with fewer photos is not shown."""


@dataclass(frozen=True, eq=False)
class Row:
    """A photo and what the served pipeline answered, without its mask; `features` were measured with it."""

    photo: Photo
    analysis: Analysis
    features: Mapping[str, float] = field(default_factory=dict)

    @property
    def groups(self) -> dict[str, str]:
        """What is known about the person, as groups of a table: ``tone``, ``age``, ``site``."""
        return described(self.photo)


def answered(roots: Sequence[Path], split: Split, weights: Path) -> list[Row]:
    """Run the served pipeline on every photo of a split that has a class.

    Args:
        roots: folders of the sets.
        split: which.
        weights: folder of registry.json.

    Raises:
        DataError: the data is incomplete.
        EvaluationError: the pipeline failed.
    """
    photos = load_photos(roots, split).where(lambda photo: photo.label != NO_CLASS)
    analyses = watched(serve(photos.photos, read_encoded, weights), f"photos of {split}", len(photos))
    return [
        Row(photo, without_mask(analysis), features(analysis))
        for photo, analysis in zip(photos.photos, analyses, strict=True)
    ]


def described(photo: Photo) -> dict[str, str]:
    """Skin tone, age and site of a photo as groups of a table."""
    facts = photo.facts
    found = {}
    if tone := facts.get("skin_tone_class"):
        found["tone"] = "skin tone 0 to 2, darker" if int(tone) <= 2 else "skin tone 3 to 5, lighter"
    elif kind := facts.get("fitspatrick"):
        found["tone"] = "Fitzpatrick I and II" if float(kind) <= 2 else "Fitzpatrick III to VI"
    if age := facts.get("age"):
        found["age"] = "under 40" if float(age) < 40 else "40 to 64" if float(age) < 65 else "65 and over"
    if site := facts.get("site") or facts.get("region") or facts.get("localization"):
        found["site"] = site.lower().replace("_", " ")
    return found


def measured(rows: Sequence[Row], rounds: int) -> dict[str, Interval]:
    """Figures of rows, with bootstrap intervals over lesions or patients."""
    photos = Photos(tuple(row.photo for row in rows))
    answers = collect([row.analysis for row in rows], photos.labels, photos.groups)
    recognised = np.array([row.analysis.domain == row.photo.domain for row in rows])
    known = np.array([row.analysis.domain is not None for row in rows])

    def measure(chosen: NDArray[np.int64]) -> dict[str, float]:
        found = figures(answers.take(chosen))
        seen = chosen[known[chosen]]
        found["benign_warned"] = 1 - found["warning_specificity"]
        found["domain_right"] = float(recognised[seen].mean()) if len(seen) else float("nan")
        return {name: found[name] for name in SHOWN}

    return bootstrap(measure, answers.groups, rounds)


def report(rows: Sequence[Row], split: str, stem: Path) -> None:
    """Write ``STEM.json`` with all figures and ``STEM.md`` with their tables.

    The JSON also says which classifier answered and what the answered photos looked like, for ``inference.drift``.
    """
    tables: dict[str, dict[str, dict[str, Interval]]] = {}
    counts: dict[str, dict[str, int]] = {}
    for title, parts in _divided(rows).items():
        tables[title] = {name: measured(part, ROUNDS) for name, part in parts.items()}
        counts[title] = {name: len(part) for name, part in parts.items()}
    # A version in the name has dots of its own.
    stem.with_name(f"{stem.name}.json").write_text(
        json.dumps(
            {
                "split": split,
                "classifier": next((each for row in rows if (each := row.analysis.models.get("classifier"))), None),
                "counts": counts,
                "tables": tables,
                "seen": to_report(_seen(rows)),
            },
            indent=1,
        )
    )
    lines = [
        f"# Answers by set and kind of picture: `{split}`",
        "",
        "The served pipeline, one photo at a time; a refused photo counts as answered wrongly and not warned of.",
        "In brackets the 95 % bootstrap interval over lesions or patients; of a share of 0 or 1 the exact one.",
        "Balanced accuracy is of classes present.",
    ]
    for title, table in tables.items():
        lines += ["", f"## {title}", "", f"| | photos | {' | '.join(SHOWN.values())} |"]
        lines.append("|---" * (len(SHOWN) + 2) + "|")
        for name, found in table.items():
            cells = [_text(found[figure]) for figure in SHOWN]
            lines.append(f"| {name} | {counts[title][name]} | {' | '.join(cells)} |")
    lines += ["", "## Refused, by reason", "", "| | photos | reasons |", "|---|---|---|"]
    for source, title in TITLES.items():
        part = [row for row in rows if row.photo.source == source]
        if not part:
            continue
        reasons = Counter(row.analysis.refusal.value for row in part if row.analysis.refusal)
        text = ", ".join(f"{reason} {reasons[reason]}" for reason in sorted(reasons)) or "none"
        lines.append(f"| {title} | {len(part)} | {text} |")
    stem.with_name(f"{stem.name}.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _divided(rows: Sequence[Row]) -> dict[str, dict[str, list[Row]]]:
    parts: dict[str, dict[str, list[Row]]] = {
        "By set and kind of picture": {
            title: [row for row in rows if row.photo.source == source] for source, title in TITLES.items()
        }
    }
    pictures: dict[Domain, str] = {
        "phone": "Photos by phone and camera",
        "dermatoscope": "Pictures through the dermatoscope",
    }
    for domain, picture in pictures.items():
        of_domain = [row for row in rows if row.photo.domain == domain]
        for fact, title in (("tone", "skin tone"), ("age", "age"), ("site", "site")):
            parts[f"{picture}, by {title}"] = _grouped(of_domain, fact)
    return {title: {name: part for name, part in named.items() if part} for title, named in parts.items()}


def _seen(rows: Sequence[Row]) -> dict[Domain, Reference]:
    """What the answered photos of each kind looked like; the kind is as the pipeline recognised it."""
    found = {
        domain: [
            (row.analysis.label, row.features)
            for row in rows
            if row.analysis.label is not None and row.analysis.domain == domain
        ]
        for domain in DOMAINS
    }
    return {domain: Reference.of(seen) for domain, seen in found.items() if seen}


def _grouped(rows: Sequence[Row], fact: str) -> dict[str, list[Row]]:
    names = sorted({row.groups[fact] for row in rows if fact in row.groups})
    found: dict[str, list[Row]] = {}
    for source, title in TITLES.items():
        of_source = [row for row in rows if row.photo.source == source]
        for name in names:
            part = [row for row in of_source if row.groups.get(fact) == name]
            if len(part) >= FEWEST:
                found[f"{title.split(',')[0]}, {name}"] = part
    return found


def _text(interval: Interval) -> str:
    value, low, high = interval
    return "" if np.isnan(value) else f"{value:.3f} ({low:.3f} to {high:.3f})"

"""Measure the served pipeline on every set and kind of picture, one photo at a time, and by skin tone, age and site."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from inference.analysis import Risk
from inference.classes import CLASSES
from inference.photo import decode
from inference.pipeline.analyzer import Analyzer
from inference.registry.registry import Registry
from models.data.ham10000 import Split
from models.data.pictures import NO_CLASS, Photo, load_photos
from models.evaluation.metrics import Answers, Interval, bootstrap, figures
from models.training.mixed import Source, source_of

TITLES: Final[dict[Source, str]] = {
    "ham10000": "HAM10000, dermatoscope",
    "milk10k-dermatoscope": "MILK10k, dermatoscope",
    "milk10k-camera": "MILK10k, close-up by camera",
    "pad": "PAD-UFES-20, photo by phone",
}
SHOWN: Final = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "melanoma_warned": "melanomas warned of",
    "warning_sensitivity": "malignant and pre-malignant warned of",
    "benign_warned": "benign warned of",
    "ece": "calibration error",
    "refused": "refused",
    "domain_right": "kind of picture told",
}
ROUNDS: Final = 300
FEWEST: Final = 8
"""Photos that a group must have to be shown."""


@dataclass(frozen=True)
class Row:
    """One photo's answer.

    Attributes:
        label: index into ``CLASSES``, or ``NO_CLASS``.
        probabilities: empty where the photo was refused, for ``refusal``.
        domain_told: what the photo was taken for; None where it was not looked at.
        facts: what is known of the person: ``tone``, ``age``, ``site``.
    """

    image_id: str
    group: str
    source: Source
    label: int
    probabilities: dict[str, float]
    risk: str | None
    refusal: str | None
    domain_told: str | None
    facts: dict[str, str]


def answered(roots: Sequence[Path], split: Split, weights: Path, limit: int | None = None) -> Iterator[Row]:
    """Ask the served pipeline about every photo of a split.

    Args:
        roots: folders of the sets.
        split: which.
        weights: folder of registry.json.
        limit: only so many of each set and domain.
    """
    analyzer = Analyzer.load(Registry.load(weights), 1)
    photos = load_photos(roots, split, limit)
    for photo in track(photos.photos, f"photos of {split}", console=Console(stderr=True)):
        found = analyzer.analyze(decode(photo.encoded))
        yield Row(
            photo.image_id, photo.group, source_of(photo), photo.label, dict(found.probabilities), found.risk,
            found.refusal, found.domain, described(photo),
        )  # fmt: skip


def described(photo: Photo) -> dict[str, str]:
    """Skin tone, age and site of a photo as groups of a table."""
    facts = photo.facts
    found = {}
    if tone := facts.get("skin_tone_class"):
        found["tone"] = "MILK10k 0 to 2, darker" if int(tone) <= 2 else "MILK10k 3 to 5, lighter"
    elif kind := facts.get("fitspatrick"):
        found["tone"] = "Fitzpatrick I and II" if float(kind) <= 2 else "Fitzpatrick III to VI"
    if age := facts.get("age"):
        found["age"] = "under 40" if float(age) < 40 else "40 to 64" if float(age) < 65 else "65 and over"
    if site := facts.get("site") or facts.get("region") or facts.get("localization"):
        found["site"] = site.lower().replace("_", " ")
    return found


def measured(rows: Sequence[Row], rounds: int = ROUNDS) -> dict[str, Interval]:
    """Figures of rows that have a class, with bootstrap intervals over lesions or patients."""
    answers = _answers(rows)
    told = np.array([row.domain_told == _domain(row.source) for row in rows])
    looked = np.array([row.domain_told is not None for row in rows])

    def measure(chosen: NDArray[np.int64]) -> dict[str, float]:
        found = figures(answers.take(chosen))
        seen = chosen[looked[chosen]]
        found["benign_warned"] = 1 - found["warning_specificity"]
        found["domain_right"] = float(told[seen].mean()) if len(seen) else float("nan")
        return {name: found[name] for name in SHOWN}

    return bootstrap(measure, answers.groups, rounds)


def report(rows: Sequence[Row], split: Split, stem: Path) -> None:
    """Write ``STEM.json`` with all figures and ``STEM.md`` with their tables."""
    rows = [row for row in rows if row.label != NO_CLASS]
    tables: dict[str, dict[str, dict[str, Interval]]] = {}
    counts: dict[str, dict[str, int]] = {}
    for title, parts in _divided(rows).items():
        tables[title] = {name: measured(part) for name, part in parts.items()}
        counts[title] = {name: len(part) for name, part in parts.items()}
    stem.with_suffix(".json").write_text(json.dumps({"split": split, "counts": counts, "tables": tables}, indent=1))
    lines = [
        f"# Answers by set and kind of picture: `{split}`",
        "",
        "The served pipeline, one photo at a time; a refused photo counts as answered wrongly and not warned of.",
        "In brackets the 95 % bootstrap interval over lesions or patients. Balanced accuracy is of classes present.",
    ]
    for title, table in tables.items():
        lines += ["", f"## {title}", "", f"| | photos | {' | '.join(SHOWN.values())} |"]
        lines.append("|---" * (len(SHOWN) + 2) + "|")
        for name, found in table.items():
            cells = [_text(found[figure]) for figure in SHOWN]
            lines.append(f"| {name} | {counts[title][name]} | {' | '.join(cells)} |")
    lines += ["", "## Refused, by reason", "", "| | photos | reasons |", "|---|---|---|"]
    for source, title in TITLES.items():
        part = [row for row in rows if row.source == source]
        reasons = sorted({row.refusal for row in part if row.refusal})
        text = ", ".join(f"{reason} {sum(row.refusal == reason for row in part)}" for reason in reasons) or "none"
        lines.append(f"| {title} | {len(part)} | {text} |")
    stem.with_suffix(".md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def keep(rows: Sequence[Row], path: Path) -> None:
    """Write answers as JSON lines."""
    path.write_text("".join(json.dumps(asdict(row)) + "\n" for row in rows), encoding="utf-8")


def read(path: Path) -> list[Row]:
    """Answers that ``keep`` wrote."""
    return [Row(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]


def _divided(rows: Sequence[Row]) -> dict[str, dict[str, list[Row]]]:
    phone = [row for row in rows if _domain(row.source) == "phone"]
    parts: dict[str, dict[str, list[Row]]] = {
        "By set and kind of picture": {
            title: [row for row in rows if row.source == source] for source, title in TITLES.items()
        }
    }
    for fact, title in (("tone", "skin tone"), ("age", "age"), ("site", "site")):
        parts[f"Photos by phone and camera, by {title}"] = _grouped(phone, fact)
    return {title: {name: part for name, part in named.items() if part} for title, named in parts.items()}


def _grouped(rows: Sequence[Row], fact: str) -> dict[str, list[Row]]:
    names = sorted({row.facts[fact] for row in rows if fact in row.facts})
    found = {
        f"{title.split(',')[0]}, {name}": [row for row in rows if row.source == source and row.facts.get(fact) == name]
        for source, title in TITLES.items()
        for name in names
    }
    return {name: part for name, part in found.items() if len(part) >= FEWEST}


def _answers(rows: Sequence[Row]) -> Answers:
    probabilities = np.array([[row.probabilities.get(name, np.nan) for name in CLASSES] for row in rows])
    given = ~np.isnan(probabilities).any(1)
    predicted = np.full(len(rows), -1)
    predicted[given] = probabilities[given].argmax(1)
    warned = np.array([row.risk is not None and row.risk != Risk.LOW for row in rows])
    return Answers(
        np.array([row.label for row in rows]), predicted, probabilities, warned, tuple(row.group for row in rows)
    )


def _domain(source: Source) -> str:
    return "phone" if source in ("milk10k-camera", "pad") else "dermatoscope"


def _text(interval: Interval) -> str:
    value, low, high = interval
    return "" if np.isnan(value) else f"{value:.3f} ({low:.3f} to {high:.3f})"

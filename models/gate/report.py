"""Writes what `models.gate.refusal` measured and what was tried for the gate, as Markdown and as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from inference.registry.schema import DIGITS, GateEntry
from models.evaluation.metrics import Interval
from models.gate.fit import LOST
from models.gate.refusal import Refusals, Refused

_INTRO: Final = """\
The gate `{gate}` refuses a photo where the log-odds of a lesion are below {threshold:.3f}. It is a linear classifier of
lesions, bare skin and anything else on what the stages of `{backbone}`, a network for the class, give on
average over the photo's largest centred square. It was fitted on lesions of `train` and on everyday pictures, both also
turned, nearer, further away, in other light, blurred, smaller and compressed. Beside it stand the check of quality and
the segmenter's least score.

## What was tried

Lesions of `val` against everyday pictures that were not learnt from. Each score stands beside the segmenter's least
score, with the highest threshold at which both together refuse at most {lost:.1%} of the lesions.

| score | area under the ROC curve, alone | lesions refused | everyday pictures refused |
|---|---|---|---|
"""
_EVERYDAY: Final = """\

![ROC of every score](refusal.png)

## Everyday pictures

{photos} pictures that no fit and no choice has seen (half of all, split by folder or common name), through the served
pipeline: {refused:.1%} [{low:.1%}, {high:.1%}] are refused.

| kind | pictures | refused | reasons |
|---|---|---|---|
"""
_LESIONS: Final = """\

## Lesions

Of the {photos} lesions of `{split}` the served pipeline refuses {refused:.2%} [{low:.2%}, {high:.2%}]: {reasons}.
"""


def write_refusals(found: Refusals, gate: GateEntry, folder: Path) -> Path:
    """Write ``refusal-SPLIT.md`` and ``.json``; returns the former."""
    path = folder / f"refusal-{found.split}.md"
    path.write_text(_markdown(found, gate), encoding="utf-8")
    path.with_suffix(".json").write_text(json.dumps(_json(found), indent=2) + "\n", encoding="utf-8")
    return path


def _markdown(found: Refusals, gate: GateEntry) -> str:
    parts = [f"# Refusal on `{found.split}`\n\n"]
    parts.append(
        _INTRO.format(gate=gate.key, backbone=gate.backbone.file, threshold=gate.threshold, lost=max(LOST.values()))
    )
    parts += [f"| {trial.what} | {trial.auc:.4f} | {trial.lost:.2%} | {trial.refused:.1%} |\n" for trial in gate.trials]
    photos = sum(kind.photos for kind in found.everyday)
    parts.append(_EVERYDAY.format(photos=photos, **_shares(found.everyday_share)))
    parts += [f"| {kind.kind} | {kind.photos} | {kind.share:.1%} | {_said(kind)} |\n" for kind in found.everyday]
    parts.append(
        _LESIONS.format(
            photos=found.lesions.photos, split=found.split, reasons=_said(found.lesions), **_shares(found.lesions_share)
        )
    )
    parts += [
        f"\nOf {other.photos} photos of {other.kind} it refuses {other.share:.2%}: {_said(other)}.\n"
        for other in found.others
    ]
    if found.phone is not None:
        parts.append(f"\nOf {found.phone.photos} photos by phone it reads {found.phone.reasons['']}.\n")
    return "".join(parts)


def _shares(interval: Interval) -> dict[str, float]:
    return dict(zip(("refused", "low", "high"), interval, strict=True))


def _said(kind: Refused) -> str:
    return ", ".join(f"{reason} {count}" for reason, count in kind.reasons.most_common() if reason) or "none"


def _json(found: Refusals) -> dict[str, object]:
    return {
        "split": found.split,
        "models": found.models,
        "everyday_refused": [round(end, DIGITS) for end in found.everyday_share],
        "lesions_refused": [round(end, DIGITS) for end in found.lesions_share],
        "everyday": {kind.kind: {"photos": kind.photos, **kind.reasons} for kind in found.everyday},
        "lesions": {"photos": found.lesions.photos, **found.lesions.reasons},
        "others": {other.kind: {"photos": other.photos, **other.reasons} for other in found.others},
        "phone": {"photos": found.phone.photos, **found.phone.reasons} if found.phone else None,
    }

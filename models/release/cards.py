"""Writes a model card (Mitchell et al., "Model Cards for Model Reporting", FAT* 2019) from a release's entry."""

from __future__ import annotations

from pathlib import Path

from inference.classes import CLASSES
from inference.pipeline.gate import KINDS
from inference.registry.schema import (
    SCORE_SHARE,
    ClassifierEntry,
    FileEntry,
    GateEntry,
    Member,
    SegmenterEntry,
)
from models.evaluation.report import TITLES, text

LIMITS = """## Use and limits

For triage by the bot of this repository and for research. It does not diagnose, and nothing may be decided on its
answer alone. It has seen dermatoscope images, close-ups by camera and photos by phone of mostly light skin; dark skin,
children, nails and mucosa are outside of what it learnt. Age, sex and body site are not read from the photo."""


TRAINED = """Trained on {data}, with the masks of Tschandl and of PAD-UFES-20. Calibration,
thresholds and what was kept of training were chosen on `val`; `test` was read for the report only.
Weights: {licence}, as the data."""

FITTED = """Fitted on {data}.
The score and its threshold were chosen on `val` and on everyday pictures that were not
learnt from;
`test` and the half of the everyday pictures that is held out were read for the report only.
Weights: {licence}, as the data."""

AnyEntry = ClassifierEntry | SegmenterEntry | GateEntry


def write_card(entry: AnyEntry, folder: Path) -> None:
    """Write ``NAME-VERSION.md`` beside the weights."""
    data, reports = (FITTED, "refusal") if isinstance(entry, GateEntry) else (TRAINED, "report")
    lines = [
        f"# {entry.name} {entry.version}",
        "",
        *_about(entry),
        "",
        LIMITS,
        "",
        "## Data and licence",
        "",
        data.format(data=entry.data, licence=entry.licence),
        *(f"File `{file.file}`, SHA-256 `{file.sha256}`." for file in _files(entry)),
        "",
        "## Measured",
        "",
        *_figures(entry),
        "",
        "Of HAM10000, by dermatoscope; `kinds-*` has the other sets. In brackets the 95 % bootstrap interval.",
        f"More in the `{reports}-*` files here.",
        "",
    ]
    (folder / f"{entry.key}.md").write_text("\n".join(lines), encoding="utf-8")


def _about(entry: AnyEntry) -> list[str]:
    if isinstance(entry, GateEntry):
        return _gate(entry)
    return _classifier(entry) if isinstance(entry, ClassifierEntry) else _segmenter(entry)


def _classifier(entry: ClassifierEntry) -> list[str]:
    return [
        f"Names one of eight classes ({', '.join(CLASSES)}) with probabilities that sum to 1.",
        "",
        "## Networks",
        "",
        *_sources(entry),
        "",
        f"| network | reads | side, px | {' | '.join(f'weight, {domain}' for domain in entry.domains)} |",
        "|---|---|---" + "|---" * len(entry.domains) + "|",
        *(
            f"| {member.network} | {_square(member)} | {member.input.size} | {' | '.join(_slopes(entry, number))} |"
            for number, member in enumerate(entry.members)
        ),
        "",
        "The log-odds of the networks, times their weights, plus a bias a class, make the probabilities; weights and",
        "biases are of the kind of photo, dermatoscope or phone, which the photo itself shows. A warning is",
        "raised where malignant and pre-malignant classes together, or melanoma alone, reach these probabilities:",
        "",
        "| kind of photo | together | melanoma alone |",
        "|---|---|---|",
        *(f"| {name} | {each.suspicious:.3f} | {each.melanoma:.3f} |" for name, each in entry.domains.items()),
        "",
        "Compared on `val`, calibrated by cross-fitting on it:",
        "",
        "| what | accuracy | balanced accuracy |",
        "|---|---|---|",
        *(f"| {trial.what} | {trial.accuracy:.3f} | {trial.balanced_accuracy:.3f} |" for trial in entry.trials),
    ]


def _slopes(entry: ClassifierEntry, number: int) -> list[str]:
    return [f"{domain.slopes[number]:.3f}" for domain in entry.domains.values()]


def _files(entry: AnyEntry) -> list[FileEntry]:
    if isinstance(entry, GateEntry):
        return [entry.served, entry.backbone]
    networks = [entry] if isinstance(entry, SegmenterEntry) else entry.members
    return [network.served for network in networks]


def _sources(entry: ClassifierEntry) -> list[str]:
    names = {member.network for member in entry.members}
    found = []
    if any(name.startswith("fixcaps") for name in names):
        found += [
            "FixCaps (Lan, Cai, He, Wen, IEEE Access 10:76261, 2022), with routing per sample and deterministic",
            "pooling: a photo's answer depends on that photo alone.",
        ]
    if any(name.startswith("efficientnet") for name in names):
        found += [
            "EfficientNet-Lite (after Tan, Le, ICML 2019) as timm builds it, fine-tuned from ImageNet weights",
            "(Apache-2.0).",
        ]
    return found


def _square(member: Member) -> str:
    if member.input.view == "whole":
        return "the whole photo"
    return f"the lesion's box, {member.input.margin} times its longer side"


def _segmenter(entry: SegmenterEntry) -> list[str]:
    return [
        "Outlines the lesion of a photo: one class, box, mask and score.",
        "",
        "## Network",
        "",
        "YOLOv8n-seg (ultralytics), kept in half precision; docs/training.md says what it was trained from.",
        f"Input: the whole photo in a grey frame of {entry.input.width} x {entry.input.height} px, its long side flat.",
        f"Outlines scored below {entry.min_score} count as no lesion: {SCORE_SHARE:.0%} of the lowest score in `val`.",
        f"Beside the best outline, one or two more that score {entry.further_score} or more count as further lesions.",
    ]


def _gate(entry: GateEntry) -> list[str]:
    return [
        f"Tells whether a photo shows a lesion on skin at all: {', '.join(KINDS[:-1])} or {KINDS[-1]}.",
        "",
        "## How",
        "",
        f"A linear classifier on what the stages of `{entry.backbone.file}`, a network for the class,",
        f"give on average over the photo's largest centred square, in {entry.input.size} x {entry.input.size} px.",
        f"Photos whose log-odds of a lesion are below {entry.threshold:.3f} are refused.",
        "",
        "Compared on lesions of `val` and everyday pictures, each score beside the segmenter's least one:",
        "",
        "| score | area under the ROC curve, alone | lesions refused | everyday pictures refused |",
        "|---|---|---|---|",
        *(f"| {trial.what} | {trial.auc:.4f} | {trial.lost:.2%} | {trial.refused:.1%} |" for trial in entry.trials),
    ]


def _figures(entry: AnyEntry) -> list[str]:
    splits = list(entry.metrics)
    rows = [f"| figure | {' | '.join(splits)} |", "|---|" + "---|" * len(splits)]
    for name, title in TITLES.items():
        if any(name in entry.metrics[split] for split in splits):
            found = [text(entry.metrics[split][name]) if name in entry.metrics[split] else "" for split in splits]
            rows.append(f"| {title} | {' | '.join(found)} |")
    return rows

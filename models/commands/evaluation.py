"""Commands that measure released networks. Choices are made on ``val``; ``test`` is read once for each release."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import torch
from rich.console import Console

from inference.registry.file import RegistryFile
from models.commands.options import Folder, Folders, Key, Limit, Names, OptionalFolder
from models.commands.release import WEIGHTS
from models.comparison.bench import Bench
from models.data.pictures import NO_CLASS, SUFFIXES, TITLES, Photos, Source, load_photos
from models.evaluation import kinds, robustness
from models.evaluation.evaluate import evaluate
from models.evaluation.report import write_report
from models.evaluation.robustness_report import write_robustness
from models.gate import refusal
from models.gate.report import write_refusals
from models.release.metrics import record_metrics, record_refusals
from models.release.questions import write_worth

Part = Literal["val", "test"]
COMPARISON: Final = Path(__file__).parents[2] / "docs" / "comparison"


@dataclass(frozen=True)
class Evaluate:
    """Score the served pipeline; write a report for each set and kind of picture.

    Attributes:
        data: folders of the sets.
        split: test is read once for each release, and chooses nothing.
        weights: folder of registry.json; reports go there, and the figures on HAM10000 into registry and model cards.
        classifier: a released classifier to score instead of the served one.
    """

    data: Folders
    split: Part = "val"
    weights: Folder = WEIGHTS
    classifier: Key = None

    def run(self) -> None:
        for source, photos in _by_source(self.data, self.split):
            evaluation = evaluate(photos, self.weights, self.classifier)
            name = f"report-{self.split}{SUFFIXES[source]}" + (f"-{self.classifier}" if self.classifier else "")
            report = write_report(evaluation, self.weights / name)
            if source == "ham10000":
                record_metrics(self.weights, evaluation, self.classifier)
            print(report.read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Kinds:
    """Score the served pipeline by set and kind of picture, skin tone, age and site.

    Attributes:
        data: folders of the sets.
        split: test is read once for each release, and chooses nothing.
        weights: folder of registry.json; the report goes there, and on val what each question to the person is worth.
    """

    data: Folders
    split: Part = "val"
    weights: Folder = WEIGHTS

    def run(self) -> None:
        stem = self.weights / f"kinds-{self.split}"
        rows = kinds.answered(self.data, self.split, self.weights)
        kinds.report(rows, self.split, stem)
        if self.split == "val":
            write_worth(self.data, rows, self.weights / "questions-val.md")
        print(stem.with_suffix(".md").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Refusal:
    """Count which everyday pictures and lesions the served pipeline refuses.

    Attributes:
        data: folders of the sets, HAM10000 among them.
        split: test is read once for each release, and chooses nothing.
        weights: folder of registry.json; the report goes there too.
        phone: folder of photos by phone, which should not be refused.
    """

    data: Folders
    split: Part = "val"
    weights: Folder = WEIGHTS
    phone: OptionalFolder = None

    def run(self) -> None:
        found = refusal.measure(self.data, self.split, self.weights, self.phone)
        record_refusals(self.weights, found.split, found.lesions_share, found.everyday_share)
        gate = RegistryFile.load(self.weights).served_gate
        print(write_refusals(found, gate, self.weights).read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Robustness:
    """Score the served pipeline on turned, blurred, dark and otherwise corrupted photos.

    Attributes:
        data: folders of the sets.
        split: test is read once for each release, and chooses nothing.
        weights: folder of registry.json; rows in its robustness-*.csv are kept.
        limit: at most N photos of each set and kind.
    """

    data: Folders
    split: Part = "val"
    weights: Folder = WEIGHTS
    limit: Limit = None

    def run(self) -> None:
        for source, photos in _by_source(self.data, self.split, self.limit):
            table = self.weights / f"robustness-{self.split}{SUFFIXES[source]}.csv"
            rows = robustness.measure(photos, self.weights, table)
            write_robustness(rows, TITLES[source], self.split, table)
            print(table.with_suffix(".md").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Compare:
    """Compare our networks with others; can be killed and resumed.

    Attributes:
        data: folders of the sets.
        out: folder of the tables, one for each kind of picture.
        rows: only these; nothing means all.
        split: test is read once for each release, and chooses nothing.
        limit: at most N pictures of each set, kind and split.
    """

    data: Folders
    out: Folder = COMPARISON
    rows: Names = ()
    split: Part = "val"
    limit: Limit = None

    def run(self) -> None:
        from models.comparison.run import compare  # its libraries take seconds to import

        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        bench = Bench(self.data, WEIGHTS, Path("runs"), self.limit, device, Console(stderr=True))
        print(compare(bench, self.split, self.out, self.rows).read_text(encoding="utf-8"))


def _by_source(roots: Sequence[Path], split: Part, limit: int | None = None) -> Iterator[tuple[Source, Photos]]:
    """The photos with a class of a split, by set and kind of picture."""
    photos = load_photos(roots, split, limit).where(lambda photo: photo.label != NO_CLASS)
    for source, rows in photos.by_source().items():
        yield source, photos.take(rows)

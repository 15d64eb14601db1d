"""Commands that measure released networks. Choices are made on ``val``; ``test`` is read once for each release."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import torch
from rich.console import Console

from inference.registry.file import RegistryFile
from models.commands.release import WEIGHTS
from models.comparison.bench import Bench
from models.evaluation import kinds, robustness
from models.evaluation.evaluate import evaluate
from models.evaluation.report import write_report
from models.evaluation.robustness_report import write_robustness
from models.gate import refusal
from models.gate.report import write_refusals
from models.release.metrics import record_metrics, record_refusals

Part = Literal["val", "test"]
COMPARISON: Final = Path(__file__).parents[2] / "docs" / "comparison"


@dataclass(frozen=True)
class Evaluate:
    """Score the served pipeline on HAM10000, one photo at a time, and write a report.

    Attributes:
        data: folder of HAM10000.
        split: test is read once a release, to choose nothing.
        weights: folder of registry.json; the report goes there too.
        classifier: NAME-VERSION of another released classifier than the served one.
    """

    data: Path
    split: Part = "val"
    weights: Path = WEIGHTS
    classifier: str | None = None

    def run(self) -> None:
        evaluation = evaluate(self.data, self.split, self.weights, self.classifier)
        name = f"report-{self.split}" + (f"-{self.classifier}" if self.classifier else "")
        report = write_report(evaluation, self.weights / name)
        record_metrics(self.weights, evaluation, self.classifier)
        print(report.read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Kinds:
    """Score the served pipeline on every set and kind of picture, and by skin tone, age and site.

    Attributes:
        data: folders of the sets.
        split: test is read once a release, to choose nothing.
        weights: folder of registry.json; the report goes there too.
    """

    data: tuple[Path, ...]
    split: Part = "val"
    weights: Path = WEIGHTS

    def run(self) -> None:
        stem = self.weights / f"kinds-{self.split}"
        kinds.report(kinds.answered(self.data, self.split, self.weights), self.split, stem)
        print(stem.with_suffix(".md").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Refusal:
    """Count what the served pipeline refuses: everyday pictures and lesions; write a report.

    Attributes:
        data: folder of HAM10000.
        split: test is read once a release, to choose nothing.
        weights: folder of registry.json; the report goes there too.
        phone: folder of photos by phone that should be read.
    """

    data: Path
    split: Part = "val"
    weights: Path = WEIGHTS
    phone: Path | None = None

    def run(self) -> None:
        found = refusal.measure(self.data, self.split, self.weights, self.phone)
        record_refusals(self.weights, found.split, found.lesions_share, found.everyday_share)
        gate = RegistryFile.load(self.weights).served_gate
        print(write_refusals(found, gate, self.weights).read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Robustness:
    """Score the served pipeline on turned, blurred, dark ... photos of HAM10000.

    Attributes:
        data: folder of HAM10000.
        split: test is read once a release, to choose nothing.
        weights: folder of registry.json; rows in its robustness-SPLIT.csv are kept.
        limit: use only this many photos.
    """

    data: Path
    split: Part = "val"
    weights: Path = WEIGHTS
    limit: int | None = None

    def run(self) -> None:
        table = self.weights / f"robustness-{self.split}.csv"
        rows = robustness.measure(self.data, self.split, self.weights, table, self.limit)
        write_robustness(rows, self.split, table)
        print(table.with_suffix(".md").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Compare:
    """Set our networks beside others, a table for each kind of picture; can be killed and resumed.

    Attributes:
        data: folders of the sets.
        out: folder of the tables.
        rows: only these, such as fixcaps (default: all).
        split: test is read once a release, to choose nothing.
        limit: use only this many pictures of each set, kind of picture and split.
    """

    data: tuple[Path, ...]
    out: Path = COMPARISON
    rows: tuple[str, ...] = ()
    split: Part = "val"
    limit: int | None = None

    def run(self) -> None:
        from models.comparison.run import compare  # its libraries take seconds to import

        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        bench = Bench(self.data, WEIGHTS, Path("runs"), self.limit, device, Console(stderr=True))
        print(compare(bench, self.split, self.out, self.rows).read_text(encoding="utf-8"))

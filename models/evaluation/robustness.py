"""Robustness: runs the served pipeline on every corruption of photos, as a chat would get it.

The pipeline first answers all photos of a corruption. Then it answers the photos that it refused as unfit once more,
without the check. This shows what refusing is worth.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, astuple, dataclass, fields
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from inference.analysis import Analysis, Refusal
from inference.photo import Photo as ServedPhoto
from models.data.corruptions import CORRUPTIONS, Corruption
from models.data.pictures import Photo, Photos
from models.evaluation.metrics import balanced_accuracy, bootstrap
from models.evaluation.served import collect, serve, without_mask

PLAIN: Final = Corruption("as it is", "", lambda pixels: pixels)
ROUNDS: Final = 500  # bootstrap rounds for each row
_LEFT: Final = (None, Refusal.NO_LESION)  # not refused by a check; without a lesion there is nothing to classify

Analyses = list[Analysis]


@dataclass(frozen=True)
class Row:
    """One row of the table; shares are 0..1.

    Attributes:
        kind, level: the corruption.
        photos: their number.
        models: role -> the model that answered.
        accuracy, accuracy_low, accuracy_high: share of right classes if nothing is refused as unfit, with its 95 %
            interval; a photo without a found lesion counts as wrong.
        balanced_accuracy: mean recall of the same answers.
        change, change_low, change_high: balanced accuracy minus that of the same photos without corruption, with its 95
            % interval. (Two thirds of the photos are nevi, so a model that calls everything a nevus keeps its
            accuracy.)
        flips: of the photos that got a class both with and without corruption, the share whose class differs.
        refused: share that gets no class from the served pipeline.
        reasons: the number of refused photos for each reason.
        answered_accuracy: share of right classes among the photos that get a class from the served pipeline; NaN if
            there are none.
    """

    kind: str
    level: str
    photos: int
    models: str
    accuracy: float
    accuracy_low: float
    accuracy_high: float
    balanced_accuracy: float
    change: float
    change_low: float
    change_high: float
    flips: float
    refused: float
    reasons: str
    answered_accuracy: float


def measure(photos: Photos, weights: Path, table: Path) -> list[Row]:
    """Answer photos of one source under every corruption. Each row is added to ``table`` as soon as it is known.

    Rows that ``table`` already has for the same models and number of photos are kept. Only the photos without
    corruption are always answered again, since flips are counted against them.

    Args:
        photos: with a class.
        weights: folder of registry.json.
        table: CSV file of rows, read and replaced.

    Raises:
        EvaluationError: the pipeline failed.
    """
    known = {(row.kind, row.level, row.photos, row.models): row for row in _read(table)}
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, TextColumn("left"), TimeRemainingColumn(), console=Console(stderr=True)) as progress:
        task = progress.add_task("", total=len(photos) * (1 + len(CORRUPTIONS)))

        def answered(corruption: Corruption) -> tuple[Analyses, Analyses]:
            progress.update(task, description=f"{corruption.kind} {corruption.level}".strip())
            return _answer(photos, corruption, weights, lambda: progress.advance(task))

        plain, plain_unchecked = answered(PLAIN)
        models = ", ".join(f"{role} {title}" for role, title in plain[0].models.items())
        rows = [_row(PLAIN, models, photos, plain, plain_unchecked, plain_unchecked)]
        for corruption in CORRUPTIONS:
            row = known.get((corruption.kind, corruption.level, len(photos), models))
            if row is None:
                row = _row(corruption, models, photos, *answered(corruption), plain_unchecked)
            else:
                progress.advance(task, len(photos))
            rows.append(row)
            _write(rows, table)
    return rows


def _answer(
    photos: Photos, corruption: Corruption, weights: Path, done: Callable[[], None]
) -> tuple[Analyses, Analyses]:
    """The pipeline's answers to the corrupted photos, with the check for unfit photos and without it."""

    def corrupted(photo: Photo) -> ServedPhoto:
        return ServedPhoto(corruption.apply(photo.pixels()))

    served = []
    for analysis in serve(photos.photos, corrupted, weights):
        served.append(without_mask(analysis))
        done()
    unfit = [row for row, analysis in enumerate(served) if analysis.refusal not in _LEFT]
    unchecked = list(served)
    for row, analysis in zip(
        unfit, serve([photos[row] for row in unfit], corrupted, weights, checked=False), strict=True
    ):
        unchecked[row] = without_mask(analysis)
    return served, unchecked


def _row(
    corruption: Corruption, models: str, photos: Photos, served: Analyses, unchecked: Analyses, plain: Analyses
) -> Row:
    truth = photos.labels
    after, before = (collect(analyses, truth, photos.groups).predicted for analyses in (unchecked, plain))
    right = after == truth
    given = np.array([each.label is not None for each in served])
    both = (after >= 0) & (before >= 0)
    reasons = Counter(each.refusal for each in served if each.refusal)

    def judged(chosen: NDArray[np.int64]) -> dict[str, float]:
        balanced, balanced_before = (balanced_accuracy(truth[chosen], answered[chosen]) for answered in (after, before))
        return {"accuracy": float(right[chosen].mean()), "change": balanced - balanced_before}

    interval = bootstrap(judged, photos.groups, ROUNDS)
    return Row(
        corruption.kind,
        corruption.level,
        len(photos),
        models,
        *interval["accuracy"],
        balanced_accuracy(truth, after),
        *interval["change"],
        _share((after != before)[both]),
        1 - float(given.mean()),
        ", ".join(f"{reason} {count}" for reason, count in reasons.most_common()),
        _share(right[given]),
    )


def _share(hits: NDArray[np.bool_]) -> float:
    return float(hits.mean()) if len(hits) else float("nan")


def _read(table: Path) -> list[Row]:
    if not table.is_file():
        return []
    kinds = {"str": str, "int": int, "float": float}
    with table.open(newline="", encoding="utf-8") as file:
        return [
            Row(**{field.name: kinds[str(field.type)](line[field.name]) for field in fields(Row)})
            for line in csv.DictReader(file)
        ]


def _write(rows: list[Row], table: Path) -> None:
    with table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(asdict(rows[0]))
        for row in rows:
            writer.writerow([round(value, 5) if isinstance(value, float) else value for value in astuple(row)])

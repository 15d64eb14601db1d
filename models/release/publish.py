"""Compares a new classifier with the present one on ``val``, and registers it unless it is worse.

Registered is not yet served. In the chat, an administrator lets it serve, or lets a share of the people try it.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from inference.registry.file import REGISTRY_FILE, RegistryFile
from inference.registry.registry import Registry, RegistryError, Release, read_registry
from inference.registry.schema import DIGITS, ClassifierEntry
from models.data.ham10000 import Split
from models.data.pictures import TITLES, Photos, Source
from models.errors import EvaluationError
from models.evaluation.kinds import Row, answered, measured, report
from models.evaluation.metrics import bootstrap, figures
from models.evaluation.report import TITLES as NAMES
from models.evaluation.served import collect, read_encoded, serve
from models.release.cards import write_card

COMPARED: Final = ("balanced_accuracy", "melanoma_warned", "warning_sensitivity", "warning_specificity")
"""Figures that must not get worse; in all of them more is better."""
ROUNDS: Final = 300
READ_AGAIN: Final = 20
"""Photos that are read twice, to see that the same photo gets the same answer."""


@dataclass(frozen=True)
class Difference:
    """A figure of one kind of picture: the present classifier's, the new one's, and new minus present.

    ``low`` and ``high`` are the 95 % bootstrap interval of the difference; both classifiers read the same photos.
    """

    kind: str
    figure: str
    present: float
    new: float
    low: float
    high: float

    @property
    def is_worse(self) -> bool:
        """Whether the new one is worse beyond noise."""
        return self.high < 0


@dataclass(frozen=True)
class Published:
    """What was published, and how it differs from the serving classifier."""

    entry: ClassifierEntry
    differences: Sequence[Difference]


@dataclass(frozen=True, eq=False)
class Checked:
    """A new classifier and the present one: both have answered the same photos.

    ``files`` are the new one's, by name.
    """

    present: ClassifierEntry
    entry: ClassifierEntry
    files: Mapping[str, bytes]
    before: Sequence[Row]
    after: Sequence[Row]

    @property
    def differences(self) -> list[Difference]:
        return [each for kind in TITLES for each in differing(kind, self.before, self.after)]


def publish(candidate: Path, roots: Sequence[Path], weights: Path, *, force: bool = False) -> Published:
    """Check the classifier that a folder serves, and register it.

    Args:
        candidate: folder with registry.json, as ``export`` writes it.
        roots: folders of the sets; their ``val`` is read.
        weights: folder of the registry that gets it.
        force: publish it even if it is worse than the serving one.

    Raises:
        EvaluationError: see ``check``; or it is worse beyond noise, without `force`.
        DataError: the data is incomplete.
    """
    checked = check(candidate, [(roots, "val")], weights)
    differences, entry = checked.differences, checked.entry
    worse = [
        f"{each.kind}: {each.figure} {each.present:.3f} -> {each.new:.3f}" for each in differences if each.is_worse
    ]
    if worse and not force:
        raise EvaluationError(f"worse than {checked.present.key} beyond noise ({'; '.join(worse)}); see --force")
    known = {name: interval for name, interval in measured(checked.after, ROUNDS).items() if name in NAMES}
    found = {name: [round(end, DIGITS) for end in interval] for name, interval in known.items()}
    entry = entry.with_changes(metrics={**entry.metrics, "val": found})
    for name, content in checked.files.items():
        (weights / name).write_bytes(content)
    for key, rows in ((checked.present.key, checked.before), (entry.key, checked.after)):
        report(rows, "val", weights / f"kinds-val-{key}")
    write_card(entry, weights)
    # The registry comes last, so that its readers find every file that it names.
    RegistryFile.load(weights).register(entry, serve=False).save(weights)
    return Published(entry, differences)


def check(candidate: Path, parts: Sequence[tuple[Sequence[Path], Split]], weights: Path) -> Checked:
    """Let the classifier that a folder serves and the one that serves now answer the same photos.

    The new one works with the segmenter and the gate that serve now.

    Args:
        candidate: folder with registry.json, as ``export`` writes it.
        parts: folders of sets, and which split of them is read.
        weights: folder of the registry of the present one.

    Raises:
        EvaluationError: a file is damaged or foreign, the version is known already, or the same photo gets two answers.
        DataError: the data is incomplete.
    """
    try:
        present, entry = Registry.load(weights), read_registry(candidate).served_classifier
        release = Release.at(candidate, entry, [member.served for member in entry.members])
    except (RegistryError, LookupError) as error:
        raise EvaluationError(str(error)) from error
    file = RegistryFile.load(weights)
    if entry.key in (each.key for each in file.classifiers):
        raise EvaluationError(f"{entry.key} is in {weights / REGISTRY_FILE} already: give the new one another version")
    new_files = {each.path.name: each.content() for each in release.files}
    for name, content in new_files.items():
        if (weights / name).exists() and (weights / name).read_bytes() != content:
            raise EvaluationError(f"{weights / name} is another file than {candidate / name}")
    with tempfile.TemporaryDirectory() as folder:
        trial = Path(folder)
        joint = present.joint.files if present.joint is not None else ()
        for each in (*present.classifier.files, *present.segmenter.files, *present.gate.files, *joint):
            shutil.copy(each.path, trial)
        for name, content in new_files.items():
            (trial / name).write_bytes(content)
        file.register(entry).save(trial)
        before, after = (
            [row for roots, split in parts for row in answered(roots, split, place)] for place in (weights, trial)
        )
        _check_the_same_again(after, trial)
    return Checked(present.classifier.entry, entry, new_files, before, after)


def differing(kind: Source, before: Sequence[Row], after: Sequence[Row]) -> list[Difference]:
    """How the answers to one kind of picture differ; empty if the sets have no such picture or lesion."""
    rows = [number for number, row in enumerate(after) if row.photo.source == kind]
    if not rows:
        return []
    photos = Photos(tuple(after[row].photo for row in rows))
    old, new = (collect([each[row].analysis for row in rows], photos.labels, photos.groups) for each in (before, after))

    def measure(chosen: NDArray[np.int64]) -> dict[str, float]:
        was, now = figures(old.take(chosen)), figures(new.take(chosen))
        return {name: now[name] - was[name] for name in COMPARED}

    was, now = figures(old), figures(new)
    intervals = bootstrap(measure, photos.groups, ROUNDS, shares=())
    return [
        Difference(TITLES[kind], name, was[name], now[name], low, high)
        for name, (estimate, low, high) in intervals.items()
        if not np.isnan([estimate, low, high]).any()
    ]


def _check_the_same_again(rows: Sequence[Row], weights: Path) -> None:
    # In reverse order, because an answer must not depend on earlier photos.
    read = rows[READ_AGAIN - 1 :: -1] if len(rows) > READ_AGAIN else rows[::-1]
    for row, again in zip(read, serve([each.photo for each in read], read_encoded, weights), strict=True):
        first = row.analysis
        if (first.risk, first.refusal, first.probabilities) != (again.risk, again.refusal, again.probabilities):
            raise EvaluationError(f"{row.photo}: the same photo gets another answer each time")

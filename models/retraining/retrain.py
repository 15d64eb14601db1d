"""Trains networks of the serving classifier further, and releases all its networks into another folder.

It uses the same parts as a release by hand: training, export, and the checks of ``publish``. The result is not
published. A kill loses at most the current epoch. The same command continues.
"""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import torch
from rich.console import Console

from inference.cores import cores
from inference.registry.file import NotReleased, RegistryFile
from inference.registry.registry import Registry, RegistryError
from inference.registry.schema import ClassifierEntry, Member
from models.data.ham10000 import Split
from models.data.pool import HELD_OUT
from models.errors import TrainingError
from models.evaluation.kinds import report
from models.release.export import export
from models.release.publish import Checked, check
from models.release.trained import find
from models.retraining import memory
from models.retraining.outlines import boxes_file
from models.retraining.progress import ProgressFile
from models.training.classification import Classification, ClassifierConfig, recipe_for
from models.training.loop import Recipe, Run

CANDIDATE: Final = "candidate"
LOCK: Final = "lock"
REPORT: Final = "report.md"


@dataclass(frozen=True)
class Plan:
    """What to retrain, and with which data.

    Attributes:
        roots: folders of the data sets.
        pool: folder of the bot's training pool, or None.
        weights: folder of the registry with the serving classifier.
        out: folder of runs, progress, candidate and reports.
        networks: names of the networks that are trained; the others keep their files.
        version: of the new classifier; None is the next one.
        epochs, batch, rate: length and speed of the training.
        limit: use only this many pictures of each set, kind and split.
    """

    roots: tuple[Path, ...]
    pool: Path | None
    weights: Path
    out: Path
    networks: tuple[str, ...]
    version: str | None
    epochs: int
    batch: int
    rate: float
    limit: int | None = None

    def recipe(self, config: ClassifierConfig) -> Recipe:
        default = recipe_for(config.name)
        return Recipe(self.epochs, self.batch, self.rate, default.decay, default.average)


def retrain(plan: Plan, console: Console) -> Checked:
    """Make the next version; returns the comparison with the serving one.

    Raises:
        TrainingError: training is impossible; the message says why.
        DataError: the data is incomplete.
        EvaluationError: the same photo gets two answers.
    """
    plan.out.mkdir(parents=True, exist_ok=True)
    with _locked(plan.out), _half_of_the_cores():
        progress = ProgressFile(plan.out)
        try:
            checked = _retrain(plan, progress, console)
        except KeyboardInterrupt:
            progress.change(state="cancelled")
            raise
        except Exception as error:
            progress.change(state="failed", error=str(error).partition("\n")[0] or type(error).__name__)
            raise
        progress.change(
            state="finished",
            candidate=str(plan.out / CANDIDATE),
            figures=tuple({**asdict(each), "is_worse": each.is_worse} for each in checked.differences),
        )
        return checked


def _retrain(plan: Plan, progress: ProgressFile, console: Console) -> Checked:
    everything = [*plan.roots, *([plan.pool] if plan.pool else [])]
    try:
        served = Registry.load(plan.weights).classifier.entry
    except (RegistryError, NotReleased) as error:
        raise TrainingError(str(error)) from error
    chosen = [member for member in served.members if member.network in plan.networks]
    if unknown := set(plan.networks) - {member.network for member in chosen}:
        raise TrainingError(f"{served.key} has no network {', '.join(sorted(unknown))}")
    version = plan.version or following(served.version)
    progress.change(version=version, of=len(chosen), epochs=plan.epochs)
    memory.check(everything)
    sources: list[Path] = []
    for member in served.members:
        released = plan.weights / member.served.file
        if member not in chosen:
            sources.append(released)
            continue
        progress.change(network=member.network, number=chosen.index(member) + 1)
        sources.append(_train(plan, everything, member, released, progress, console))
    progress.change(state="releasing", seconds_left=None)
    _release(plan, served, sources, version)
    progress.change(state="checking")
    parts: list[tuple[Sequence[Path], Split]] = [(plan.roots, "val")]
    if plan.pool is not None:
        parts.append(([plan.pool], HELD_OUT))
    checked = check(plan.out / CANDIDATE, parts, plan.weights)
    for key, rows in ((served.key, checked.before), (checked.entry.key, checked.after)):
        report(rows, "val, and what is held out of the pool", plan.out / f"kinds-{key}")
    (plan.out / REPORT).write_text(_table(checked), encoding="utf-8")
    return checked


def _table(checked: Checked) -> str:
    lines = [
        f"# {checked.entry.key} beside {checked.present.key}",
        "",
        "On `val` of each set, and on the people of the training pool who are held out. In brackets the 95 % bootstrap",
        "interval of the difference. `kinds-*` has more of both.",
        "",
        "| kind of picture | figure | present | new | difference |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {each.kind} | {each.figure} | {each.present:.3f} | {each.new:.3f} "
        f"| {each.new - each.present:+.3f} ({each.low:+.3f} to {each.high:+.3f}) |"
        for each in checked.differences
    ]
    return "\n".join(lines) + "\n"


def following(version: str) -> str:
    """The version after this one: 2.1.0 becomes 2.2.0."""
    try:
        major, minor, _ = map(int, version.split("."))
    except ValueError as error:
        raise TrainingError(f"{version} has no next version: name one with --version") from error
    return f"{major}.{minor + 1}.0"


def _train(
    plan: Plan, everything: Sequence[Path], member: Member, released: Path, progress: ProgressFile, console: Console
) -> Path:
    """Train a network further; returns the folder of its run."""
    config = find(released).config
    if not isinstance(config, ClassifierConfig):
        raise TrainingError(f"{released.name} is no classifier")
    boxes = boxes_file(everything, plan.weights, plan.out, plan.limit) if config.view == "lesion" else ""
    shape = ClassifierConfig(
        config.name,
        config.size,
        config.kernel,
        config.view,
        config.margin,
        augment="strong",
        corrupt=0.3,
        boxes=str(boxes),
    )
    task = Classification(everything, shape, plan.recipe(shape), plan.limit)
    folder = plan.out / f"{member.network}-{member.input.view}"
    run = run_in(folder, task, released)
    run.train(console, progress.step)
    return folder


def run_in(folder: Path, task: Classification, start: Path) -> Run:
    """The run in this folder if it has the same data and settings, else a new one.

    If photos were taken back from the pool, the data differs. So nothing that learnt from them is used.
    """
    if folder.is_dir():
        run = Run(task, folder, torch.device("cpu"), start)
        try:
            run.resume()
        except TrainingError:
            shutil.rmtree(folder)
        else:
            return run
    return Run(task, folder, torch.device("cpu"), start)


def _release(plan: Plan, served: ClassifierEntry, sources: Sequence[Path], version: str) -> None:
    """Write the candidate's folder. It is complete or absent."""
    part, whole = plan.out / f"{CANDIDATE}.part", plan.out / CANDIDATE
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    file = RegistryFile.load(plan.weights)
    for name in (file.served_segmenter.served.file, *(member.served.file for member in served.members)):
        shutil.copy(plan.weights / name, part)
    RegistryFile(segmenter=file.segmenter, segmenters=(file.served_segmenter,)).save(part)
    export(sources, plan.roots, version, part)
    shutil.rmtree(whole, ignore_errors=True)
    part.rename(whole)


@contextmanager
def _half_of_the_cores() -> Iterator[None]:
    """Leave the other half to the bot. On shared cores, torch's threads would wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(max(1, cores() // 2))
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with (folder / LOCK).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise TrainingError(f"{folder}: a retraining is going on there already") from None
        yield

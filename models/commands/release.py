"""Commands that release networks."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console
from tyro.conf import Positional

from models.commands.options import Folder, Folders, Limit, Names, Number, OptionalFolder, Paths, Version
from models.errors import TrainingError
from models.gate.fit import fit
from models.release.convert import convert_again
from models.release.export import export
from models.release.publish import Difference, publish
from models.retraining.retrain import CANDIDATE, Plan, retrain
from models.training import pseudo_masks

WEIGHTS: Final = Path(__file__).parents[2] / "weights"


def show(differences: Sequence[Difference]) -> None:
    """Print how a new classifier differs from the served one."""
    for each in differences:
        interval = f"{each.low:+.3f} to {each.high:+.3f}"
        print(f"{each.kind}: {each.figure} {each.present:.3f} -> {each.new:.3f} ({interval})")


@dataclass(frozen=True)
class PseudoMasks:
    """Outline all photos without a mask; writes boxes.json and pseudo-masks.zip.

    Attributes:
        run_folder: of the segmenter; the files go there.
        data: folders of the sets.
    """

    run_folder: Positional[Folder]
    data: Folders

    def run(self) -> None:
        pseudo_masks.make(self.data, self.run_folder)


@dataclass(frozen=True)
class Export:
    """Release trained networks, with calibration and warnings for each kind of picture.

    Attributes:
        sources: runs or released .onnx files: a segmenter, the networks of one classifier, or both.
        data: folders of the sets; everything is chosen on their split val.
        version: of the release, such as 2.0.0.
        weights: folder of registry.json.
    """

    sources: Positional[Paths]
    data: Folders
    version: str
    weights: Folder = WEIGHTS

    def run(self) -> None:
        for released in export(self.sources, self.data, self.version, self.weights):
            for trial in getattr(released, "trials", ()):
                print(f"{trial.what}: accuracy {trial.accuracy:.3f}, balanced {trial.balanced_accuracy:.3f}")
            print(f"released {released.key} in {self.weights}")


@dataclass(frozen=True)
class Publish:
    """Compare a new classifier with the served one, and register it without serving it.

    Attributes:
        candidate: folder of the new classifier and its registry.json, as export writes it.
        data: folders of the sets; both are measured on their split val.
        weights: folder of registry.json.
        force: publish it even if it is worse beyond noise.
    """

    candidate: Positional[Folder]
    data: Folders
    weights: Folder = WEIGHTS
    force: bool = False

    def run(self) -> None:
        published = publish(self.candidate, self.data, self.weights, force=self.force)
        show(published.differences)
        print(f"published {published.entry.key} in {self.weights}; let it serve with /models in the chat")


@dataclass(frozen=True)
class Retrain:
    """Train the served classifier further, with the bot's training pool; can be killed and resumed.

    Attributes:
        data: folders of the sets.
        pool: folder of the training pool, as the bot exports it.
        out: folder of progress.json, of the report and of candidate: the new classifier, which is not published.
        weights: folder of registry.json.
        networks: those to train; the others keep their files.
        version: of the new classifier; None is the next one.
        epochs: passes over the training pictures.
        batch: pictures in a step.
        rate: highest learning rate.
        limit: train on at most N of each set, kind and split.
    """

    data: Folders
    pool: OptionalFolder = None
    out: Folder = Path("runs") / "retrain"
    weights: Folder = WEIGHTS
    networks: Names = ("fixcaps",)
    version: Version = None
    epochs: int = 4
    batch: int = 32
    rate: Number = 3e-4
    limit: Limit = None

    def run(self) -> None:
        # SIGTERM works like Ctrl-C: the state of the last epoch stays, and no file is left half-written.
        before = signal.signal(signal.SIGTERM, signal.default_int_handler)
        plan = Plan(
            self.data, self.pool, self.weights, self.out, self.networks, self.version, self.epochs, self.batch,
            self.rate, self.limit,
        )  # fmt: skip
        try:
            checked = retrain(plan, Console(stderr=True))
        except KeyboardInterrupt:
            raise TrainingError("cancelled; run the same command to continue") from None
        finally:
            signal.signal(signal.SIGTERM, before)
        show(checked.differences)
        sets = " ".join(map(str, self.data))
        print(f"made {checked.entry.key}; publish it with: publish {self.out / CANDIDATE} --data {sets}")


@dataclass(frozen=True)
class Gate:
    """Fit and release the gate, which refuses photos without a lesion on skin.

    Attributes:
        data: folders of the sets.
        version: of the release, such as 2.0.0.
        weights: folder of registry.json.
    """

    data: Folders
    version: str
    weights: Folder = WEIGHTS

    def run(self) -> None:
        released = fit(self.data, self.version, self.weights)
        for trial in released.trials:
            print(
                f"{trial.what}: area {trial.auc:.4f}, refuses {trial.refused:.1%} for {trial.lost:.2%} of the lesions"
            )
        print(f"released {released.key} in {self.weights}")


@dataclass(frozen=True)
class Convert:
    """Rewrite the files of all networks in the current form, with the same weights.

    Attributes:
        weights: folder of registry.json.
    """

    weights: Folder = WEIGHTS

    def run(self) -> None:
        convert_again(self.weights)

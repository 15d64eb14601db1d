"""python -m models: train, evaluate and export the networks."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from rich.console import Console

from inference.registry.file import RegistryFile
from inference.registry.schema import ClassifierEntry, SegmenterEntry
from models.comparison.bench import Bench
from models.data import pseudo_masks
from models.data.ham10000 import load
from models.errors import ModelsError, TrainingError
from models.evaluation import kinds
from models.evaluation.evaluate import evaluate
from models.evaluation.report import write_report
from models.evaluation.robustness import measure
from models.evaluation.robustness_report import write_robustness
from models.gate import refusal
from models.gate.fit import fit as fit_gate
from models.gate.report import write_refusals
from models.networks import zoo
from models.release import assemble
from models.release.export import convert_again, export_classifier, export_segmenter, record_metrics, record_refusals
from models.release.trained import find
from models.training import classification, mixed, mixed_segmentation, segmentation
from models.training.loop import Run, Task

WEIGHTS = Path(__file__).parent.parent / "weights"
COMPARISON = Path(__file__).parent.parent / "docs" / "comparison"


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status (1 with one line on standard error when it fails)."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except ModelsError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m models", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    train = commands.add_parser("train", help="train a network; can be killed and resumed")
    train.add_argument("network", choices=(*zoo.NAMES, "yolo"))
    train.add_argument(
        "--data", type=Path, required=True, nargs="+", metavar="DIR",
        help="HAM10000, packed or as its publisher ships it; with the other sets, a network for both kinds",
    )  # fmt: skip
    train.add_argument("--boxes", type=Path, help="boxes of lesions that have no mask, see the command outlines")
    train.add_argument("--outlines", type=Path, help="masks of lesions that have none, see the command outlines")
    train.add_argument("--out", type=Path, help="folder of the run (default: runs/NETWORK)")
    train.add_argument("--resume", action="store_true", help="go on with the run in --out, all else as it was started")
    train.add_argument(
        "--start", type=Path, help="begin with these weights (.safetensors of a run, .onnx of a release, or yolov8n.pt)"
    )
    train.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    train.add_argument("--limit", type=int, help="use only this many pictures a split")
    train.add_argument("--size", type=int, help="side of the input in pixels; of the segmenter, its width")
    train.add_argument("--kernel", type=int, help="side of FixCaps' large kernel")
    train.add_argument("--view", choices=("lesion", "whole"), help="what the classifier looks at")
    train.add_argument("--margin", type=float, help="side of the view lesion's square, as a multiple of the lesion's")
    train.add_argument("--augment", choices=("light", "strong"), help="how far pictures are changed")
    train.add_argument(
        "--teacher", type=Path, nargs="+", metavar="RUN", help="runs whose networks a classifier also learns from"
    )
    train.add_argument("--mixup", type=float, metavar="ALPHA", help="how evenly a classifier's pictures are blended")
    train.add_argument("--worn", type=_share, metavar="SHARE", help="how many of a classifier's pictures are degraded")
    train.add_argument("--epochs", type=int)
    train.add_argument("--batch", type=int)
    train.add_argument("--rate", type=float, help="highest learning rate")
    train.add_argument("--seed", type=int)
    train.set_defaults(run=_train)
    export = commands.add_parser("export", help="release trained networks into weights/")
    export.add_argument(
        "sources", metavar="RUN", type=Path, nargs="+",
        help="folder of a run, or the .onnx of a network released before; classifiers are joined",
    )  # fmt: skip
    export.add_argument("--data", type=Path, required=True)
    export.add_argument("--version", required=True, help="version of the release, such as 1.0.0")
    export.add_argument("--weights", type=Path, default=WEIGHTS)
    export.set_defaults(run=_export)
    convert = commands.add_parser("convert", help="write the files of all networks anew, with the same weights")
    convert.add_argument("--weights", type=Path, default=WEIGHTS)
    convert.set_defaults(run=lambda options: convert_again(options.weights))
    together = commands.add_parser("assemble", help="release networks that learnt from several sets, with calibration")
    together.add_argument("sources", metavar="RUN", type=Path, nargs="+", help="the segmenter's run, then classifiers'")
    together.add_argument("--data", type=Path, required=True, nargs="+", metavar="DIR")
    together.add_argument("--version", required=True, help="version of the release, such as 2.0.0")
    together.add_argument("--weights", type=Path, default=WEIGHTS)
    together.set_defaults(run=_assemble)
    outlined = commands.add_parser("outlines", help="outline what has no mask: boxes.json and outlines.zip in the run")
    outlined.add_argument("source", metavar="RUN", type=Path, help="of a segmenter")
    outlined.add_argument("--data", type=Path, required=True, nargs="+", metavar="DIR")
    outlined.set_defaults(run=lambda options: pseudo_masks.make(options.data, options.source))
    kind = commands.add_parser("kinds", help="score the served pipeline on every set and kind of picture")
    kind.add_argument("--data", type=Path, required=True, nargs="+", metavar="DIR")
    kind.add_argument("--split", choices=("val", "test"), default="val", help="as for evaluate")
    kind.add_argument("--weights", type=Path, default=WEIGHTS)
    kind.set_defaults(run=_kinds)
    score = commands.add_parser("evaluate", help="score the served pipeline and write a report")
    score.add_argument("--data", type=Path, required=True)
    score.add_argument(
        "--split", choices=("val", "test"), default="val", help="test: once a release, to choose nothing"
    )
    score.add_argument("--weights", type=Path, default=WEIGHTS, help="what is scored; the report goes there too")
    score.add_argument("--classifier", metavar="NAME-VERSION", help="another released classifier than the served one")
    score.set_defaults(run=_evaluate)
    gate = commands.add_parser("gate", help="fit and release what refuses photos that show no lesion on skin")
    gate.add_argument("--data", type=Path, required=True, nargs="+", metavar="DIR")
    gate.add_argument("--version", required=True, help="version of the release, such as 1.0.0")
    gate.add_argument("--weights", type=Path, default=WEIGHTS)
    gate.set_defaults(run=_gate)
    refused = commands.add_parser("refusal", help="count what the served pipeline refuses, and write a report")
    refused.add_argument("--data", type=Path, required=True)
    refused.add_argument("--split", choices=("val", "test"), default="val", help="as for evaluate")
    refused.add_argument("--weights", type=Path, default=WEIGHTS, help="what is asked; the report goes there too")
    refused.add_argument("--phone", type=Path, metavar="DIR", help="photos by phone that should be read")
    refused.set_defaults(run=_refusal)
    robust = commands.add_parser("robustness", help="score the served pipeline on turned, blurred, dark ... photos")
    robust.add_argument("--data", type=Path, required=True)
    robust.add_argument("--split", choices=("val", "test"), default="val", help="as for evaluate")
    robust.add_argument(
        "--weights", type=Path, default=WEIGHTS, help="what is scored; rows in its robustness-SPLIT.csv are kept"
    )
    robust.add_argument("--limit", type=int, help="use only this many photos")
    robust.set_defaults(run=_robustness)
    compare = commands.add_parser(
        "compare", help="set our networks beside others in one table; can be killed and resumed"
    )
    compare.add_argument("--data", type=Path, required=True)
    compare.add_argument("--out", type=Path, default=COMPARISON, help="folder of the tables (default: docs/comparison)")
    compare.add_argument("--rows", metavar="NAME", nargs="+", help="only these, such as fixcaps (default: all)")
    compare.add_argument("--limit", type=int, help="use only this many pictures a split")
    compare.add_argument(
        "--split", choices=("val", "test"), default="val", help="test: once a release, to choose nothing"
    )
    compare.set_defaults(run=_compare)
    return parser


def _share(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text} is no share from 0 to 1")
    return value


def _train(options: argparse.Namespace) -> None:
    def given(*names: str) -> dict[str, Any]:
        return {name: getattr(options, name) for name in names if getattr(options, name) is not None}

    changes = given("epochs", "batch", "rate", "seed")
    task: Task
    if len(options.data) > 1:
        _train_mixed(options, changes)
        return
    (data,) = options.data
    if options.network == "yolo":
        recipe = replace(segmentation.RECIPE, **changes)
        config = replace(segmentation.SegmenterConfig(), **given("size", "augment"))
        task = segmentation.Segmentation(data, config, recipe, options.limit)
    else:
        recipe = replace(classification.recipe_for(options.network), **changes)
        shape = replace(
            classification.ClassifierConfig(name=options.network),
            teachers=tuple(map(str, options.teacher or ())),
            **given("size", "kernel", "view", "margin", "augment", "mixup", "worn"),
        )
        task = classification.Classification(data, shape, recipe, options.limit)
    _run(task, options)


def _train_mixed(options: argparse.Namespace, changes: dict[str, Any]) -> None:
    def given(*names: str) -> dict[str, Any]:
        return {name: getattr(options, name) for name in names if getattr(options, name) is not None}

    task: Task
    if options.network == "yolo":
        outlines: dict[str, Any] = {"outlines": str(options.outlines)} if options.outlines else {}
        task = mixed_segmentation.MixedSegmentation(
            options.data, replace(mixed_segmentation.MixedSegmenterConfig(), **given("size"), **outlines),
            replace(mixed_segmentation.RECIPE, **changes), options.limit,
        )  # fmt: skip
    else:
        boxes: dict[str, Any] = {"boxes": str(options.boxes)} if options.boxes else {}
        config = replace(
            mixed.MixedConfig(name=options.network),
            **given("size", "kernel", "view", "margin", "mixup", "worn"),
            **boxes,
        )
        task = mixed.MixedClassification(options.data, config, replace(mixed.RECIPE, **changes), options.limit)
    _run(task, options)


def _run(task: Task, options: argparse.Namespace) -> None:
    run = Run(task, options.out or Path("runs") / options.network, torch.device(options.device), options.start)
    if options.resume:
        run.resume()
    run.train(Console(stderr=True))


def _export(options: argparse.Namespace) -> None:
    trained = [find(source) for source in options.sources]
    configs = [each.config for each in trained]
    classifiers = [config for config in configs if isinstance(config, classification.ClassifierConfig)]
    segmenters = [config for config in configs if isinstance(config, segmentation.SegmenterConfig)]
    if len(segmenters) > 1 or (segmenters and classifiers):
        raise TrainingError("a release is one segmenter, or classifiers of different views")
    val = load(options.data, "val")
    if segmenters:
        release: SegmenterEntry | ClassifierEntry = export_segmenter(
            trained[0], segmenters[0], options.version, options.weights, val
        )
    else:
        release = export_classifier(trained, classifiers, options.version, options.weights, val)
    print(f"released {release.key} in {options.weights}")


def _assemble(options: argparse.Namespace) -> None:
    segmenter, *classifiers = options.sources
    _, released = assemble.assemble(options.data, segmenter, classifiers, options.version, options.weights)
    for trial in released.trials:
        print(f"{trial.what}: accuracy {trial.accuracy:.3f}, balanced {trial.balanced_accuracy:.3f}")


def _kinds(options: argparse.Namespace) -> None:
    rows = kinds.answered(options.data, options.split, options.weights)
    stem = options.weights / f"kinds-{options.split}"
    kinds.report(rows, options.split, stem)
    print(stem.with_suffix(".md").read_text(encoding="utf-8"))


def _evaluate(options: argparse.Namespace) -> None:
    evaluation = evaluate(options.data, options.split, options.weights, options.classifier)
    name = f"report-{options.split}" + (f"-{options.classifier}" if options.classifier else "")
    report = write_report(evaluation, options.weights / name)
    record_metrics(options.weights, evaluation, options.classifier)
    print(report.read_text(encoding="utf-8"))


def _gate(options: argparse.Namespace) -> None:
    found = assemble.released_teller(options.data, options.weights)
    released = fit_gate(options.data, options.version, options.weights, found)
    for trial in released.trials:
        print(f"{trial.what}: area {trial.auc:.4f}, refuses {trial.refused:.1%} for {trial.lost:.2%} of the lesions")
    print(f"released {released.key} in {options.weights}")


def _refusal(options: argparse.Namespace) -> None:
    found = refusal.measure(options.data, options.split, options.weights, options.phone)
    record_refusals(options.weights, found.split, found.lesions_share, found.everyday_share)
    gate = RegistryFile.load(options.weights).served_gate
    print(write_refusals(found, gate, options.weights).read_text(encoding="utf-8"))


def _robustness(options: argparse.Namespace) -> None:
    table = options.weights / f"robustness-{options.split}.csv"
    rows = measure(options.data, options.split, options.weights, table, options.limit)
    write_robustness(rows, options.split, table)
    print(table.with_suffix(".md").read_text(encoding="utf-8"))


def _compare(options: argparse.Namespace) -> None:
    from models.comparison.run import compare  # its libraries take seconds to import

    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    bench = Bench(options.data, WEIGHTS, Path("runs"), options.limit, device, Console(stderr=True))
    print(compare(bench, options.split, options.out, options.rows).read_text(encoding="utf-8"))


if __name__ == "__main__":
    raise SystemExit(main())

"""python -m models: train, evaluate and export the networks."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from rich.console import Console

from models import classification, segmentation
from models.data import DataError, load
from models.evaluate import EvaluationError, evaluate
from models.export import export_classifier, export_segmenter, read_config, record_metrics
from models.release import ClassifierEntry, SegmenterEntry
from models.report import write_report
from models.train import Run, Task, TrainingError

WEIGHTS = Path(__file__).parent.parent / "weights"


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status (1 with one line on standard error when it fails)."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except (DataError, TrainingError, EvaluationError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m models", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    train = commands.add_parser("train", help="train a network; can be killed and resumed")
    train.add_argument("network", choices=("fixcaps", "fixcaps-ds", "yolo"))
    train.add_argument("--data", type=Path, required=True, help="HAM10000, packed or as its publisher ships it")
    train.add_argument("--out", type=Path, help="folder of the run (default: runs/NETWORK)")
    train.add_argument("--resume", action="store_true", help="go on with the run in --out")
    train.add_argument("--start", type=Path, help="begin with these weights (.safetensors) instead of random ones")
    train.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    train.add_argument("--limit", type=int, help="use only this many pictures a split")
    train.add_argument("--size", type=int, help="side of the input in pixels")
    train.add_argument("--kernel", type=int, help="side of FixCaps' large kernel")
    train.add_argument("--view", choices=("lesion", "whole"), help="what the classifier looks at")
    train.add_argument("--augment", choices=("light", "strong"), help="how far the classifier's pictures are changed")
    train.add_argument("--epochs", type=int)
    train.add_argument("--batch", type=int)
    train.add_argument("--seed", type=int)
    train.set_defaults(run=_train)
    export = commands.add_parser("export", help="release the best epoch of a run into weights/")
    export.add_argument("runs", metavar="RUN", type=Path, nargs="+", help="folder of a run; classifiers are averaged")
    export.add_argument("--data", type=Path, required=True)
    export.add_argument("--version", required=True, help="version of the release, such as 1.0.0")
    export.add_argument("--weights", type=Path, default=WEIGHTS)
    export.set_defaults(run=_export)
    score = commands.add_parser("evaluate", help="score the served pipeline and write a report")
    score.add_argument("--data", type=Path, required=True)
    score.add_argument(
        "--split", choices=("val", "test"), default="val", help="test: once a release, to choose nothing"
    )
    score.add_argument("--weights", type=Path, default=WEIGHTS, help="what is scored; the report goes there too")
    score.set_defaults(run=_evaluate)
    return parser


def _train(options: argparse.Namespace) -> None:
    def given(*names: str) -> dict[str, Any]:
        return {name: getattr(options, name) for name in names if getattr(options, name) is not None}

    changes = given("epochs", "batch", "seed")
    task: Task
    if options.network == "yolo":
        recipe = replace(segmentation.RECIPE, **changes)
        config = replace(segmentation.SegmenterConfig(), **given("size"))
        task = segmentation.Segmentation(options.data, config, recipe, options.limit)
    else:
        recipe = replace(classification.RECIPE, **changes)
        shape = replace(
            classification.ClassifierConfig(separable=options.network == "fixcaps-ds"),
            **given("size", "kernel", "view", "augment"),
        )
        task = classification.Classification(options.data, shape, recipe, options.limit)
    run = Run(task, options.out or Path("runs") / options.network, torch.device(options.device))
    if options.resume:
        run.resume()
    elif options.start:
        run.start_from(options.start)
    run.train(Console(stderr=True))


def _export(options: argparse.Namespace) -> None:
    configs = [read_config(run) for run in options.runs]
    classifiers = [config for config in configs if isinstance(config, classification.ClassifierConfig)]
    segmenters = [config for config in configs if isinstance(config, segmentation.SegmenterConfig)]
    if len(segmenters) > 1 or (segmenters and classifiers):
        raise TrainingError("a release is one segmenter, or classifiers of different views")
    val = load(options.data, "val")
    if segmenters:
        release: SegmenterEntry | ClassifierEntry = export_segmenter(
            options.runs[0], options.version, options.weights, val, segmenters[0]
        )
    else:
        release = export_classifier(options.runs, options.version, options.weights, val, classifiers)
    print(f"released {release.name} {release.version}: {options.weights / release.file}")


def _evaluate(options: argparse.Namespace) -> None:
    evaluation = evaluate(options.data, options.split, options.weights)
    write_report(evaluation, options.weights)
    record_metrics(options.weights, evaluation.split, evaluation.classifier, evaluation.segmenter)
    print((options.weights / f"report-{options.split}.md").read_text(encoding="utf-8"))


if __name__ == "__main__":
    raise SystemExit(main())

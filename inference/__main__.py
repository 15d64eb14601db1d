"""python -m inference PHOTO...: analyse photo files. Prints one answer a line, in the order given."""

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from inference.drawing.verdict import STANDS_OUT
from inference.drawing.words import class_name
from inference.pipeline.joint import AnswersError, Joiner, read_answers
from inference.record import record
from inference.registry.registry import DEFAULT_WEIGHTS, Registry, RegistryError

if TYPE_CHECKING:
    from inference.batches import Answer


def main(arguments: list[str] | None = None) -> int:
    """Run the command line.

    Returns:
        0; 1 if a photo could not be read (the others are answered); 2 if nothing could be analysed; 130 if it was
        interrupted.
    """
    try:
        return _run(arguments)
    except KeyboardInterrupt:
        return 130


def _run(arguments: list[str] | None) -> int:
    # ONNX Runtime takes a while to load. An interruption may come meanwhile.
    from inference.batches import Outputs, file_answers

    parser = _parser()
    options = parser.parse_args(arguments)
    outputs = Outputs(options.annotated, options.masks)
    if outputs.folders:
        clash = _clash(options.photos)
        if clash:
            parser.error(f"{clash[0]} and {clash[1]} would be written under one name")
        overwritten = outputs.overwritten(options.photos)
        if overwritten:
            parser.error(f"{overwritten} is one of the photos and would be overwritten; name another folder")
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")
    failed = False
    try:
        for folder in outputs.folders:
            folder.mkdir(parents=True, exist_ok=True)
        registry = Registry.load(options.weights, options.classifier)
        found = file_answers(options.photos, registry, outputs, not options.unchecked)
        joiner = Joiner(registry) if options.answers else None
        given = read_answers(options.answers) if options.answers else {}
        for answer in _watched(found, len(options.photos)):
            if joiner and answer.analysis and answer.photo.name in given:
                answer = replace(answer, analysis=joiner.joined(answer.analysis, given[answer.photo.name]))
            failed |= answer.analysis is None
            print(json.dumps(_record(answer)) if options.json else _sentence(answer), flush=True)
    except (RegistryError, AnswersError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return int(failed)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m inference", description=__doc__)
    parser.add_argument("photos", nargs="+", type=Path, metavar="PHOTO", help="JPEG, PNG, WebP or HEIC")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--annotated", type=Path, metavar="DIR", help="write the photos with their lesions outlined")
    parser.add_argument("--masks", type=Path, metavar="DIR", help="write the lesions' masks, 0 or 255")
    parser.add_argument(
        "--answers", type=Path, metavar="FILE", help="JSON: photo file name -> answers, see inference.pipeline.answers"
    )
    parser.add_argument(
        "--unchecked", action="store_true", help="do not refuse unfit photos; for measuring what refusing is worth"
    )
    parser.add_argument("--classifier", metavar="NAME-VERSION", help="a released classifier; default: the served one")
    parser.add_argument("--weights", type=Path, metavar="DIR", default=DEFAULT_WEIGHTS, help="folder of registry.json")
    return parser


def _clash(photos: list[Path]) -> tuple[Path, Path] | None:
    """Two different photos whose outputs would have the same name."""
    taken: dict[str, Path] = {}
    for photo in photos:
        other = taken.setdefault(photo.stem, photo)
        if other != photo:
            return other, photo
    return None


def _watched(found: "Iterator[Answer[Path]]", count: int) -> "Iterator[Answer[Path]]":
    """The same answers, with a progress bar on standard error if that is a terminal."""
    console = Console(stderr=True)
    columns = (
        TextColumn("photos"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    # Answers on the same terminal scroll above the bar.
    share_terminal = sys.stdout.isatty()
    with Progress(
        *columns,
        console=console,
        disable=not console.is_terminal,
        redirect_stdout=share_terminal,
        redirect_stderr=False,
    ) as progress:
        task = progress.add_task("photos", total=count)
        for answer in found:
            yield answer
            progress.advance(task)


def _record(answer: "Answer[Path]") -> dict[str, object]:
    analysis = answer.analysis
    if analysis is None:
        return {"photo": str(answer.photo), "error": answer.error}
    return {"photo": str(answer.photo), **record(analysis)}


def _sentence(answer: "Answer[Path]") -> str:
    analysis = answer.analysis
    if analysis is None:
        return f"{answer.photo}: error: {answer.error}"
    if analysis.label is None:
        return f"{answer.photo}: refused: {analysis.refusal}"
    shares = ", ".join(f"{code} {share:.1%}" for code, share in analysis.probabilities.items())
    spots = f", the worst of {1 + len(analysis.more_lesions)} spots" if analysis.more_lesions else ""
    name = class_name(analysis.label)
    kind = (
        name if analysis.probabilities[analysis.label] >= STANDS_OUT else f"no single kind stands out, most like {name}"
    )
    return f"{answer.photo}: {kind}, risk {analysis.risk}{spots} ({shares})"


if __name__ == "__main__":
    raise SystemExit(main())

"""What runs in the engine's worker process. Importing it is cheap: only the worker loads the networks' runtime."""

import os
import signal
import threading
from dataclasses import dataclass
from functools import cache
from multiprocessing import connection, parent_process
from pathlib import Path
from typing import TYPE_CHECKING, Final

from inference.analysis import Abcd, Analysis
from inference.cores import limit_cores
from inference.drawing.words import CaptionOptions

NICENESS: Final = 5

if TYPE_CHECKING:
    from inference.comparison.marks import Marks
    from inference.pipeline.analyzer import Analyzer
    from inference.pipeline.joint import Joiner


@dataclass(frozen=True, eq=False)
class AnnotatedAnalysis:
    """An analysis and its annotated photo: `annotated` is a JPEG, or None if the analysis is a refusal.

    The lesion's box is in pixels of the picture in the file; see `inference.batches.at_taken_size`.
    """

    analysis: Analysis
    annotated: bytes | None


@dataclass(frozen=True, eq=False)
class Explanation:
    """An analysis, the heat map of what supported its class (a JPEG), and the lesion's measures.

    The last two are None if the analysis is a refusal.
    """

    analysis: Analysis
    drawing: bytes | None
    measures: Abcd | None


@dataclass(frozen=True, eq=False)
class Examination:
    """An analysis with everything that a report shows.

    `photo`, `outlined` and `glowing` are JPEGs of one size: the photo, the photo with the lesion's outline, and the
    heat map of what supported the named class. All but the photo are None if the analysis is a refusal. `marks` are
    None unless they were asked for.
    """

    analysis: Analysis
    photo: bytes
    outlined: bytes | None = None
    glowing: bytes | None = None
    measures: Abcd | None = None
    marks: "Marks | None" = None


def begin(threads: int) -> None:
    """Set up a worker process whose networks use so many threads.

    It ignores Ctrl-C, which the parent handles. It ends when its parent ends. It has a lower priority than the chat.
    """
    limit_cores(threads)
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_follow_parent, name="parent-watch", daemon=True).start()


def _follow_parent() -> None:
    parent = parent_process()
    if parent is not None:
        # The executor's own pipes do not close when the parent is killed, because a worker holds both of their ends.
        connection.wait([parent.sentinel])
        os._exit(1)


@cache
def _joiner(weights: Path, classifier: str | None) -> "Joiner":
    from inference.pipeline.joint import Joiner
    from inference.registry.registry import Registry

    return Joiner(Registry.load(weights, classifier))


@cache
def _analyzer(weights: Path, classifier: str | None) -> "Analyzer":
    from inference.pipeline.analyzer import Analyzer
    from inference.registry.registry import Registry

    return Analyzer.load(Registry.load(weights, classifier))


def warm(weights: Path, classifier: str | None) -> None:
    """Load the weights and run the networks once; see `Registry.load` for the arguments.

    Raises:
        RegistryError: a served file is not what the registry says.
    """
    _analyzer(weights, classifier).warm_up()


def read(weights: Path, classifier: str | None, data: bytes, options: CaptionOptions) -> AnnotatedAnalysis:
    """Decode, analyse and draw one photo. The person's answers in the options count.

    Raises:
        PhotoError: the bytes are no photo that can be read.
        RegistryError: there are answers, but the registry has no model that joins them.
    """
    from inference.batches import at_taken_size
    from inference.drawing.annotate import annotate, jpeg
    from inference.photo import decode

    photo = decode(data)
    analysis = _analyzer(weights, classifier).analyze(photo)
    if options.answers:
        analysis = _joiner(weights, classifier).joined(analysis, options.answers)
    drawing = None if analysis.refusal else jpeg(annotate(photo, analysis, options))
    return AnnotatedAnalysis(at_taken_size(photo, analysis), drawing)


def explain(weights: Path, classifier: str | None, data: bytes, options: CaptionOptions) -> Explanation:
    """Decode and analyse one photo, draw what supported its class, and measure its lesion.

    Raises:
        PhotoError: the bytes are no photo that can be read.
    """
    from inference.drawing.annotate import jpeg
    from inference.drawing.heatmap import draw_heatmap
    from inference.photo import decode
    from inference.pipeline.abcd import measure

    photo = decode(data)
    analysis, heat = _analyzer(weights, classifier).explain(photo)
    if analysis.lesion is None or heat is None:
        return Explanation(analysis, None, None)
    drawing = jpeg(draw_heatmap(photo, analysis, heat, options))
    return Explanation(analysis, drawing, measure(photo, analysis.lesion.mask))


def examine(weights: Path, classifier: str | None, data: bytes, options: CaptionOptions) -> Examination:
    """Decode and analyse one photo, make all drawings without text, and measure its lesion.

    Raises:
        PhotoError: the bytes are no photo that can be read.
    """
    return _examined(_analyzer(weights, classifier), data, marked=False)


def follow(weights: Path, classifier: str | None, data: bytes, options: CaptionOptions) -> Examination:
    """Do what `examine` does, and measure the lesion's marks, which takes longer than all the rest.

    Raises:
        PhotoError: the bytes are no photo that can be read.
    """
    return _examined(_analyzer(weights, classifier), data, marked=True)


def _examined(analyzer: "Analyzer", data: bytes, *, marked: bool) -> Examination:
    from inference.comparison.marks import mark
    from inference.drawing.annotate import jpeg, outlined, reduced
    from inference.drawing.heatmap import overlay
    from inference.photo import decode
    from inference.pipeline.abcd import measure

    photo = decode(data)
    analysis, heat = analyzer.explain(photo)
    if analysis.lesion is None or heat is None:
        return Examination(analysis, jpeg(reduced(photo)))
    mask = analysis.lesion.mask
    return Examination(
        analysis,
        jpeg(reduced(photo)),
        jpeg(reduced(outlined(photo, analysis))),
        jpeg(reduced(overlay(photo, analysis, heat))),
        measure(photo, mask),
        mark(photo, mask, analyzer.outlines_of_copies) if marked else None,
    )

"""What runs in the engine's worker process. Importing it costs nothing: the runtime is loaded in the worker alone."""

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
    """An analysis and its drawing: `annotated` is a JPEG, or None where the analysis refuses.

    The lesion's box is in pixels of the picture in the file, see `inference.batches.at_taken_size`.
    """

    analysis: Analysis
    annotated: bytes | None


@dataclass(frozen=True, eq=False)
class Explanation:
    """An analysis, the drawing of what spoke for its class (a JPEG), and the lesion's measures.

    Both are None where the analysis refuses.
    """

    analysis: Analysis
    drawing: bytes | None
    measures: Abcd | None


@dataclass(frozen=True, eq=False)
class Examination:
    """An analysis with all that a report shows of it.

    `photo`, `outlined` and `glowing` are JPEGs of one size: the photo, the lesion's outline on it, and what spoke for
    the named class. All but the photo are None where the analysis refuses, and `marks` where they were not asked for.
    """

    analysis: Analysis
    photo: bytes
    outlined: bytes | None = None
    glowing: bytes | None = None
    measures: Abcd | None = None
    marks: "Marks | None" = None


def begin(threads: int) -> None:
    """Set up a worker process whose networks use so many threads.

    Ctrl-C is the parent's to handle, a worker does not outlive its parent, and the chat goes before the networks.
    """
    limit_cores(threads)
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_follow_parent, name="parent-watch", daemon=True).start()


def _follow_parent() -> None:
    parent = parent_process()
    if parent is not None:
        # The executor's own pipes never close when the parent is killed: a worker holds both of their ends.
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
    """Load the weights and run the networks once; see `Registry.load` for what is served.

    Raises:
        RegistryError: a served file is not what the registry says.
    """
    _analyzer(weights, classifier).warm_up()


def read(weights: Path, classifier: str | None, data: bytes, options: CaptionOptions) -> AnnotatedAnalysis:
    """Decode, analyse and draw one photo; a person's answers count where the options has any.

    Raises:
        PhotoError: the bytes are no photo that can be read.
        RegistryError: there are answers, and no model is released that joins them.
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
    """Decode and analyse one photo, draw what spoke for its class, and measure its lesion.

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
    """Decode and analyse one photo, draw it in all ways and measure its lesion, without words in any language.

    Raises:
        PhotoError: the bytes are no photo that can be read.
    """
    return _examined(_analyzer(weights, classifier), data, marked=False)


def follow(weights: Path, classifier: str | None, data: bytes, options: CaptionOptions) -> Examination:
    """What `examine` does, with the marks of the lesion: they take longer than all the rest.

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

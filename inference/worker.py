"""What runs in the engine's worker process. Importing it costs nothing: torch is loaded in the worker alone."""

import os
import signal
import threading
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from multiprocessing import connection, parent_process
from pathlib import Path
from typing import TYPE_CHECKING

from inference.analysis import Analysis
from inference.cores import cores

if TYPE_CHECKING:
    from inference.analyzer import Analyzer


@dataclass(frozen=True, eq=False)
class Reading:
    """An analysis and its drawing: `annotated` is a JPEG, or None where the analysis refuses."""

    analysis: Analysis
    annotated: bytes | None


def begin() -> None:
    """Set up a worker process: Ctrl-C is the parent's to handle, and a worker does not outlive its parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_follow_parent, name="parent-watch", daemon=True).start()


def _follow_parent() -> None:
    parent = parent_process()
    if parent is not None:
        # The executor's own pipes never close when the parent is killed: a worker holds both of their ends.
        connection.wait([parent.sentinel])
        os._exit(1)


@cache
def _analyzer(weights: Path) -> "Analyzer":
    import torch

    from inference.analyzer import Analyzer
    from inference.registry import Registry

    analyzer = Analyzer(Registry.load(weights))
    # ultralytics sets OMP_NUM_THREADS to 1 when it is imported.
    torch.set_num_threads(cores())
    return analyzer


def warm(weights: Path) -> None:
    """Load the weights and run the networks once.

    Raises:
        RegistryError: a served file is not what the registry says.
    """
    _analyzer(weights).warm_up()


def read(weights: Path, data: bytes, language: str) -> Reading:
    """Decode, analyse and draw one photo.

    Raises:
        PhotoError: the bytes are no photo that can be read.
    """
    from PIL import Image

    from inference.annotate import JPEG_OPTIONS, annotate
    from inference.photo import decode
    from inference.words import caption

    photo = decode(data)
    analysis = _analyzer(weights).analyze(photo)
    if analysis.refusal is not None:
        return Reading(analysis, None)
    buffer = BytesIO()
    drawn = annotate(photo, analysis, caption(analysis, language))
    Image.fromarray(drawn.pixels).save(buffer, "JPEG", **JPEG_OPTIONS)
    return Reading(analysis, buffer.getvalue())

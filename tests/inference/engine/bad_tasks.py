"""Tasks that fail, instead of `tasks.read`.

A worker imports this module when it gets one of them, and the photo's time limit runs meanwhile. So the module does not
import torch.
"""

import os
import signal
from pathlib import Path
from typing import NoReturn

from inference.drawing.words import CaptionOptions
from inference.engine import tasks
from tests.inference.pictures import encoded, skin

DEADLY = b"deadly"


def read_or_die(weights: Path, classifier: str | None, data: bytes, options: CaptionOptions) -> tasks.AnnotatedAnalysis:
    """Analyses photos, but dies on one of them."""
    if data == DEADLY:
        os.kill(os.getpid(), signal.SIGSEGV)
    return tasks.read(weights, classifier, data, options)


def hang_once(weights: Path, classifier: str | None, data: bytes, options: CaptionOptions) -> tasks.AnnotatedAnalysis:
    """Spins, as a decoder may, where the file named by `data` exists, and removes it."""
    marker = Path(data.decode())
    if marker.exists():
        marker.unlink()
        while True:
            pass
    return tasks.read(weights, classifier, encoded(skin()), options)


def fail(weights: Path, classifier: str | None, data: bytes, options: CaptionOptions) -> NoReturn:
    raise ZeroDivisionError("a fault of ours")

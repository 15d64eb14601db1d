"""The photos of the benchmark: from a data folder, or the two samples of the chat page with a mole."""

from io import BytesIO
from itertools import cycle, islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bot.samples import sample
from models.data.ham10000 import load


def photos(root: Path | None, count: int) -> list[bytes]:
    """JPEG files of ``val``, or of drawn moles, repeated if there are fewer than ``count``.

    Raises:
        DataError: the data folder lacks something.
    """
    files = [_jpeg(image) for image in load(root, "val", count).images] if root else [sample("mole"), sample("uneven")]
    return list(islice(cycle(files), count))


def _jpeg(pixels: NDArray[np.uint8]) -> bytes:
    buffer = BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()

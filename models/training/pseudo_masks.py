"""Pseudo-masks for photos without a mask: a trained segmenter runs twice, and masks that agree are kept.

The second pass reads a mirrored close-up of what the first pass found. There, a lesion of 20 pixels in 300 gets a mask
ten times as fine.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from safetensors.torch import load_file
from ultralytics.nn.tasks import SegmentationModel

import models.networks.ultralytics_env  # noqa: F401  # ultralytics changes Pillow
from models.data.boxes import Boxes
from models.data.ham10000 import Split
from models.data.pictures import Photo, Photos, load_photos
from models.evaluation.mask_metrics import jaccard
from models.networks.segmenter import build_segmenter, find_lesions
from models.training.loop import read_config, restored
from models.training.segmentation import SegmenterConfig

AGREEING: Final = 0.8
"""Smallest Jaccard index of the two passes."""
LARGEST: Final = 0.4
"""A mask that covers a larger share of the photo, or lies along its edge, is probably skin or background."""
CLOSER: Final = 3.0
"""Side of the second pass's square, as a multiple of the longer side of the first pass's box."""
LEAST_SIDE: Final = 48.0  # pixels
LEAST_SCORE: Final = 0.05

Box = tuple[float, float, float, float]


@dataclass(frozen=True, eq=False)
class PseudoMask:
    """The results of both passes for one photo.

    Attributes:
        image_id: of the photo.
        box: of the first pass, x1 y1 x2 y2 as shares of width and height.
        score: of the first pass, in [0, 1].
        mask: of the second pass, H x W; of the first pass if the second found nothing.
        agreement: Jaccard index of both masks.
    """

    image_id: str
    box: Box
    score: float
    mask: NDArray[np.bool_]
    agreement: float


def predict_all(photos: Photos, network: SegmentationModel, frame: tuple[int, int]) -> Iterator[PseudoMask]:
    """Segment every photo twice. Photos in which nothing is found are left out."""
    for photo in photos.photos:
        if found := predict(photo, network, frame):
            yield found


def predict(photo: Photo, network: SegmentationModel, frame: tuple[int, int]) -> PseudoMask | None:
    """Segment one photo twice; None if nothing is found."""
    pixels = photo.pixels()
    upright = pixels.shape[0] > pixels.shape[1]
    if upright:  # serving turns the long side horizontal
        pixels = np.ascontiguousarray(pixels.transpose(1, 0, 2))
    first = find_lesions(network, [pixels], frame, min_score=LEAST_SCORE)[0]
    if not first:
        return None
    height, width = pixels.shape[:2]
    mask, agreement = first[0].mask, 0.0
    left, top, right, bottom = _around(first[0].box, (height, width))
    closer = np.ascontiguousarray(pixels[top:bottom, left:right][:, ::-1])
    if second := find_lesions(network, [closer], frame, min_score=LEAST_SCORE)[0]:
        drawn = np.zeros((height, width), np.bool_)
        drawn[top:bottom, left:right] = second[0].mask[:, ::-1]
        agreement, mask = jaccard(drawn, mask), drawn
    x1, y1, x2, y2 = first[0].box
    box = (x1 / width, y1 / height, x2 / width, y2 / height)
    if upright:
        box, mask = (box[1], box[0], box[3], box[2]), np.ascontiguousarray(mask.T)
    return PseudoMask(photo.image_id, box, first[0].score, mask, agreement)


def write(found: Sequence[PseudoMask], masks: Path, boxes: Path) -> int:
    """Write the trusted masks into a zip and all boxes into a file; returns the number of masks."""
    trusted = [each for each in found if is_trusted(each)]
    with zipfile.ZipFile(masks, "w") as made:
        for each in trusted:
            made.writestr(f"{each.image_id}.png", encoded(each.mask))
    Boxes({each.image_id: each.box for each in found}).write(boxes)
    boxes.with_suffix(".scores.json").write_text(
        json.dumps({each.image_id: [round(each.score, 3), round(each.agreement, 3)] for each in found})
    )
    return len(trusted)


def is_trusted(found: PseudoMask) -> bool:
    """Whether a mask is good enough to learn from."""
    mask = found.mask
    edge = np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]])
    return found.agreement >= AGREEING and 0 < mask.mean() <= LARGEST and not edge.any()


def make(roots: Sequence[Path], run: Path) -> None:
    """Segment the photos of ``train`` and ``val`` without a mask with a run's network; see ``write``.

    Raises:
        DataError: the data is incomplete.
        TrainingError: the folder holds no run.
    """
    config = restored(SegmenterConfig, read_config(run))
    network = build_segmenter(config.network)
    network.load_state_dict(load_file(run / "best.safetensors"))
    network.eval()
    found: list[PseudoMask] = []
    splits: tuple[Split, ...] = ("val", "train")
    for split in splits:
        photos = load_photos(roots, split).where(lambda photo: photo.outline is None)
        found += predict_all(photos, network, config.frame)
    print(f"{write(found, run / 'pseudo-masks.zip', run / 'boxes.json')} of {len(found)} masks are kept")


def encoded(mask: NDArray[np.bool_]) -> bytes:
    """An H x W mask as the content of a PNG of one bit."""
    content = io.BytesIO()
    Image.fromarray(mask).save(content, "PNG")
    return content.getvalue()


def _around(box: Box, shape: tuple[int, int]) -> tuple[int, int, int, int]:
    x1, y1, x2, y2 = box
    half = max(max(x2 - x1, y2 - y1) * CLOSER, LEAST_SIDE) / 2
    x, y = (x1 + x2) / 2, (y1 + y2) / 2
    left, top = max(0, int(x - half)), max(0, int(y - half))
    return left, top, min(shape[1], int(x + half) + 1), min(shape[0], int(y + half) + 1)

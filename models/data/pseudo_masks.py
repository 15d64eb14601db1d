"""Outlines for pictures that have none: read twice by a trained segmenter, kept where both readings agree.

The second reading looks closer, at a square around what the first found, mirrored: a lesion of 20 pixels in 300 is
drawn ten times as fine there.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from safetensors.torch import load_file
from ultralytics.nn.tasks import SegmentationModel

from models.data.boxes import Boxes
from models.data.ham10000 import Split
from models.data.pictures import Photo, Photos, load_photos
from models.evaluation.mask_metrics import jaccard
from models.networks.segmenter import build_segmenter, find_lesions
from models.training.loop import read_config
from models.training.mixed_segmentation import MixedSegmenterConfig, encoded

AGREEING: Final = 0.8
"""Least Jaccard of the two readings."""
LARGEST: Final = 0.4
"""An outline on more of the photo than this, or along its edge, is rather skin or background than a lesion."""
CLOSER: Final = 3.0
"""Side of the second reading's square, as a multiple of the first's longer side."""
LEAST_SIDE: Final = 48.0  # pixels
LEAST_SCORE: Final = 0.05

Box = tuple[float, float, float, float]


@dataclass(frozen=True, eq=False)
class Reading:
    """Two readings of one photo.

    Attributes:
        image_id: of the photo.
        box: of the first reading, x1 y1 x2 y2 as shares of width and height.
        score: of the first reading, in [0, 1].
        mask: of the second reading, H x W; of the first where the second found nothing.
        agreement: Jaccard of both.
    """

    image_id: str
    box: Box
    score: float
    mask: NDArray[np.bool_]
    agreement: float


def readings(photos: Photos, network: SegmentationModel, frame: tuple[int, int]) -> Iterator[Reading]:
    """Read every photo twice; those in which nothing is found are left out."""
    for photo in photos.photos:
        if found := read(photo, network, frame):
            yield found


def read(photo: Photo, network: SegmentationModel, frame: tuple[int, int]) -> Reading | None:
    """Read one photo twice."""
    pixels = photo.pixels()
    upright = pixels.shape[0] > pixels.shape[1]
    if upright:  # serving lays the long side flat
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
    return Reading(photo.image_id, box, first[0].score, mask, agreement)


def keep(found: list[Reading], outlines: Path, boxes: Path) -> int:
    """Write the outlines of agreeing readings into a zip, and all boxes into a file; returns how many outlines."""
    agreeing = [each for each in found if kept(each)]
    with zipfile.ZipFile(outlines, "w") as made:
        for each in agreeing:
            made.writestr(f"{each.image_id}.png", encoded(each.mask))
    Boxes({each.image_id: each.box for each in found}).write(boxes)
    boxes.with_suffix(".scores.json").write_text(
        json.dumps({each.image_id: [round(each.score, 3), round(each.agreement, 3)] for each in found})
    )
    return len(agreeing)


def kept(reading: Reading) -> bool:
    """Whether an outline is good enough to learn from."""
    mask = reading.mask
    edge = np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]])
    return reading.agreement >= AGREEING and 0 < mask.mean() <= LARGEST and not edge.any()


def make(roots: Sequence[Path], run: Path) -> None:
    """Read the photos of ``train`` and ``val`` that have no mask by a run's network; see ``keep``."""
    config = MixedSegmenterConfig(**read_config(run))
    network = build_segmenter(config.network)
    network.load_state_dict(load_file(run / "best.safetensors"))
    network.eval()
    found: list[Reading] = []
    splits: tuple[Split, ...] = ("val", "train")
    for split in splits:
        found += readings(load_photos(roots, split).where(lambda photo: photo.outline is None), network, config.frame)
    print(f"{keep(found, run / 'outlines.zip', run / 'boxes.json')} of {len(found)} outlines are kept")


def contact_sheet(photos: Photos, found: list[Reading], columns: int = 10, side: int = 160) -> NDArray[np.uint8]:
    """Photos with the first reading's box and the kept outline drawn, in rows, numbered."""
    by_id = {each.image_id: each for each in found}
    cells = []
    for number, photo in enumerate(photos.photos):
        pixels = photo.pixels().copy()
        if each := by_id.get(photo.image_id):
            edges, _ = cv2.findContours(each.mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
            colour = (0, 255, 0) if kept(each) else (255, 0, 0)
            cv2.drawContours(pixels, edges, -1, colour, 2)
        height, width = pixels.shape[:2]
        cell = cv2.resize(pixels, (side, side * height // width), interpolation=cv2.INTER_AREA)[: side * 3 // 4]
        cell = cv2.copyMakeBorder(cell, 0, side * 3 // 4 - len(cell), 0, 0, cv2.BORDER_CONSTANT)
        cells.append(cv2.putText(cell, str(number), (3, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (255, 255, 0), 1))
    cells += [np.zeros_like(cells[0])] * (-len(cells) % columns)
    rows = [np.hstack(cells[start : start + columns]) for start in range(0, len(cells), columns)]
    return np.asarray(np.vstack(rows), np.uint8)


def _around(box: Box, shape: tuple[int, int]) -> tuple[int, int, int, int]:
    x1, y1, x2, y2 = box
    half = max(max(x2 - x1, y2 - y1) * CLOSER, LEAST_SIDE) / 2
    x, y = (x1 + x2) / 2, (y1 + y2) / 2
    left, top = max(0, int(x - half)), max(0, int(y - half))
    return left, top, min(shape[1], int(x + half) + 1), min(shape[0], int(y + half) + 1)

"""YOLOv8-seg with one class, ``lesion``: the network, what goes in and what comes out.

Network, loss and suppression are ultralytics'; this module holds what evaluation and serving must do alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from safetensors.torch import load_file
from torch import Tensor
from ultralytics.nn.tasks import SegmentationModel
from ultralytics.utils import DEFAULT_CFG_DICT, IterableSimpleNamespace, patches
from ultralytics.utils.nms import non_max_suppression

# Importing ultralytics replaces Pillow's ``Image.open`` by one that wants another package at the first file that is no
# image, and fails on it; the rest of the process keeps Pillow's own.
Image.open = patches._image_open

GREY: Final = 114
"""Value of the letterbox's bars, as ultralytics uses it."""


@dataclass(frozen=True)
class Letterbox:
    """How a photo lies in the network's square: scaled by ``gain``, then moved by ``left`` and ``top`` pixels."""

    gain: float
    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True)
class Outline:
    """One lesion found.

    Attributes:
        box: x1 y1 x2 y2 in pixels of the photo.
        mask: H x W bool, the photo's own size.
        score: the detector's confidence in [0, 1].
    """

    box: tuple[float, float, float, float]
    mask: NDArray[np.bool_]
    score: float


def build_segmenter(network: str = "yolov8n-seg") -> SegmentationModel:
    """Build an untrained ultralytics network with one class; ``forward`` takes B x 3 x S x S RGB in [0, 1]."""
    model = SegmentationModel(f"{network}.yaml", ch=3, nc=1, verbose=False)
    # The loss reads its gains from here. The class declares no such attribute, and names are annotated by none.
    settings: Any = IterableSimpleNamespace(**DEFAULT_CFG_DICT)
    model.args = settings
    model.names = {0: "lesion"}
    return model


def load_segmenter(path: Path, network: str = "yolov8n-seg") -> SegmentationModel:
    """Rebuild a trained network from its safetensors file, in evaluation mode."""
    model = build_segmenter(network)
    model.load_state_dict(load_file(path))
    return model.eval()


def letterbox(pixels: NDArray[np.uint8], size: int) -> tuple[NDArray[np.uint8], Letterbox]:
    """Fit a photo (H x W x 3 uint8 RGB) into a grey ``size`` x ``size`` square; nothing is cut off or distorted."""
    height, width = pixels.shape[:2]
    gain = size / max(height, width)
    inner_width, inner_height = max(1, round(width * gain)), max(1, round(height * gain))
    shrink = cv2.INTER_AREA if gain < 1 else cv2.INTER_LINEAR
    square = np.full((size, size, 3), GREY, np.uint8)
    left, top = (size - inner_width) // 2, (size - inner_height) // 2
    inner = cv2.resize(pixels, (inner_width, inner_height), interpolation=shrink)
    square[top : top + inner_height, left : left + inner_width] = inner
    return square, Letterbox(gain, left, top, inner_width, inner_height)


def detections(output: Any, *, min_score: float, most: int) -> list[Tensor]:
    """Suppress overlaps in the network's evaluation output.

    Returns:
        For each photo n x 38, best first: x1 y1 x2 y2 in pixels of the square, score, class, 32 mask coefficients.
    """
    found: list[Tensor] = non_max_suppression(output[0][0], conf_thres=min_score, iou_thres=0.7, nc=1, max_det=most)
    return found


def outline(row: Tensor, prototypes: Tensor, placed: Letterbox, shape: tuple[int, int]) -> Outline:
    """Draw one detection at the photo's own size.

    Args:
        row: 38 numbers, see ``detections``.
        prototypes: 32 x S/4 x S/4.
        placed: where the photo lies in the square.
        shape: height and width of the photo.
    """
    height, width = shape
    size = prototypes.shape[-1] * 4
    logits = torch.einsum("k,khw->hw", row[6:], prototypes.float()).cpu().numpy()
    square = cv2.resize(logits, (size, size), interpolation=cv2.INTER_LINEAR)
    inner = square[placed.top : placed.top + placed.height, placed.left : placed.left + placed.width]
    full = cv2.resize(inner, (width, height), interpolation=cv2.INTER_LINEAR)
    corners = (row[:4].cpu().numpy() - [placed.left, placed.top] * 2) / placed.gain
    x1, y1, x2, y2 = np.clip(corners, 0, [width, height] * 2).tolist()
    mask = np.zeros((height, width), np.bool_)
    rows, columns = slice(int(y1), int(np.ceil(y2))), slice(int(x1), int(np.ceil(x2)))
    mask[rows, columns] = one_piece(full[rows, columns] > 0)
    return Outline((x1, y1, x2, y2), mask, float(row[4]))


def one_piece(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The largest piece of an H x W mask with its holes filled: islands and holes are the network's, not the skin's."""
    pieces, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    solid = np.zeros(mask.shape, np.uint8)
    if pieces:
        cv2.drawContours(solid, [max(pieces, key=cv2.contourArea)], -1, 1, cv2.FILLED)
    return solid > 0


def find_lesions(
    model: SegmentationModel, photos: list[NDArray[np.uint8]], size: int, *, min_score: float, most: int = 1
) -> list[list[Outline]]:
    """Outline the lesions of photos, best first.

    Args:
        model: the network in evaluation mode.
        photos: each H x W x 3 uint8 RGB, of any size.
        size: side of the network's input in pixels, a multiple of 32.
        min_score: detections below are dropped.
        most: keep at most this many a photo.
    """
    device = next(model.parameters()).device
    squares, places = zip(*(letterbox(photo, size) for photo in photos), strict=True)
    batch = torch.from_numpy(np.stack(squares)).to(device).permute(0, 3, 1, 2).float() / 255
    with torch.inference_mode():
        output = model(batch)
        found = detections(output, min_score=min_score, most=most)
        prototypes = output[0][1]
    return [
        [outline(row, prototypes[i], places[i], photos[i].shape[:2]) for row in rows] for i, rows in enumerate(found)
    ]

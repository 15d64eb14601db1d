"""Fits a photo into the segmenter's frame, and maps the network's mask back to the photo.

Training, evaluation and serving all use these functions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.analysis import Lesion

GREY: Final = 114
"""Value of the letterbox's bars, as ultralytics uses it."""


@dataclass(frozen=True)
class Letterbox:
    """The position of a photo in the network's frame: scaled by ``gain``, then moved by ``left`` and ``top`` pixels."""

    gain: float
    left: int
    top: int
    width: int
    height: int


def letterbox(pixels: NDArray[np.uint8], frame: tuple[int, int]) -> tuple[NDArray[np.uint8], Letterbox]:
    """Fit a photo (H x W x 3 uint8 RGB) into a grey frame (width, height) without cutting or distorting it."""
    height, width = pixels.shape[:2]
    gain = min(frame[0] / width, frame[1] / height)
    inner_width, inner_height = max(1, round(width * gain)), max(1, round(height * gain))
    shrink = cv2.INTER_AREA if gain < 1 else cv2.INTER_LINEAR
    framed = np.full((frame[1], frame[0], 3), GREY, np.uint8)
    left, top = (frame[0] - inner_width) // 2, (frame[1] - inner_height) // 2
    inner = cv2.resize(pixels, (inner_width, inner_height), interpolation=shrink)
    framed[top : top + inner_height, left : left + inner_width] = inner
    return framed, Letterbox(gain, left, top, inner_width, inner_height)


def decode_detection(
    detection: NDArray[np.float32], logits: NDArray[np.float32], placed: Letterbox, shape: tuple[int, int]
) -> Lesion:
    """Draw one detection at the photo's own size.

    Args:
        detection: x1 y1 x2 y2 in pixels of the frame, and the score.
        logits: a quarter of the frame's height x a quarter of its width, positive inside the outline.
        placed: where the photo lies in the frame.
        shape: height and width of the photo.
    """
    height, width = shape
    framed = cv2.resize(logits, (logits.shape[1] * 4, logits.shape[0] * 4), interpolation=cv2.INTER_LINEAR)
    inner = framed[placed.top : placed.top + placed.height, placed.left : placed.left + placed.width]
    full = cv2.resize(inner, (width, height), interpolation=cv2.INTER_LINEAR)
    corners = (detection[:4] - [placed.left, placed.top] * 2) / placed.gain
    x1, y1, x2, y2 = np.clip(corners, 0, [width, height] * 2).tolist()
    mask = np.zeros((height, width), np.bool_)
    rows, columns = slice(int(y1), int(np.ceil(y2))), slice(int(x1), int(np.ceil(x2)))
    mask[rows, columns] = largest_component(full[rows, columns] > 0)
    return Lesion((x1, y1, x2, y2), mask, float(detection[4]))


def largest_component(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The largest piece of an H x W mask, with its holes filled. Islands and holes are errors of the network."""
    pieces, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    solid = np.zeros(mask.shape, np.uint8)
    if pieces:
        cv2.drawContours(solid, [max(pieces, key=cv2.contourArea)], -1, 1, cv2.FILLED)
    return solid > 0

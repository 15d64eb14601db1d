"""YOLOv8-seg with one class, ``lesion``: the torch network for training, and the reference for the served file.

Network, loss and non-maximum suppression are ultralytics'. ``inference.pipeline.masks`` prepares the input and decodes
the output.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from ultralytics.nn.tasks import SegmentationModel
from ultralytics.utils import DEFAULT_CFG_DICT, IterableSimpleNamespace
from ultralytics.utils.nms import non_max_suppression

import models.networks.ultralytics_env  # noqa: F401  # ultralytics changes Pillow
from inference.analysis import Lesion
from inference.pipeline.masks import decode_detection, letterbox
from models.networks.onnx_weights import fill


def build_segmenter(network: str = "yolov8n-seg") -> SegmentationModel:
    """Build an untrained ultralytics network with one class; ``forward`` takes B x 3 x H x W RGB in [0, 1]."""
    model = SegmentationModel(f"{network}.yaml", ch=3, nc=1, verbose=False)
    # The loss reads its gains from here. The class does not declare this attribute, and `names` has no annotation.
    settings: Any = IterableSimpleNamespace(**DEFAULT_CFG_DICT)
    model.args = settings
    model.names = {0: "lesion"}
    return model


def load_segmenter(path: Path, network: str = "yolov8n-seg") -> SegmentationModel:
    """Rebuild a released network from its ONNX file, in evaluation mode."""
    model = build_segmenter(network)
    fill(model, path.read_bytes())
    return model.eval()


def detections(output: Any, *, min_score: float, most: int) -> list[Tensor]:
    """Apply non-maximum suppression to the network's evaluation output.

    Returns:
        For each photo n x 38, best first: x1 y1 x2 y2 in pixels of the frame, score, class, 32 mask coefficients.
    """
    found: list[Tensor] = non_max_suppression(output[0][0], conf_thres=min_score, iou_thres=0.7, nc=1, max_det=most)
    return found


def find_lesions(
    model: SegmentationModel,
    photos: list[NDArray[np.uint8]],
    frame: tuple[int, int],
    *,
    min_score: float,
    most: int = 1,
) -> list[list[Lesion]]:
    """Find the lesions of photos, the best first.

    Args:
        model: the network in evaluation mode.
        photos: each H x W x 3 uint8 RGB, of any size.
        frame: width and height of the network's input in pixels, multiples of 32.
        min_score: detections with a lower score are dropped.
        most: keep at most this many for each photo.
    """
    device = next(model.parameters()).device
    framed, places = zip(*(letterbox(photo, frame) for photo in photos), strict=True)
    batch = torch.from_numpy(np.stack(framed)).to(device).permute(0, 3, 1, 2).float() / 255
    with torch.inference_mode():
        output = model(batch)
        found = detections(output, min_score=min_score, most=most)
        logits = [
            torch.einsum("nk,khw->nhw", rows[:, 6:], prototypes.float()).cpu().numpy()
            for rows, prototypes in zip(found, output[0][1], strict=True)
        ]
    return [
        [
            decode_detection(row, masks[j], places[i], photos[i].shape[:2])
            for j, row in enumerate(rows[:, :5].float().cpu().numpy())
        ]
        for i, (rows, masks) in enumerate(zip(found, logits, strict=True))
    ]

"""Mean average precision of outlines, from ultralytics' own code; Jaccard indices, from scikit-learn."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from types import SimpleNamespace
from typing import Any, cast

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.metrics import jaccard_score
from ultralytics.engine.validator import BaseValidator
from ultralytics.utils.metrics import SegmentMetrics, box_iou, mask_iou

import models.networks.ultralytics_env  # noqa: F401  # ultralytics changes Pillow
from inference.analysis import Lesion

# ``match_predictions`` is a method of the validator and reads only this attribute.
_THRESHOLDS = SimpleNamespace(iouv=torch.linspace(0.5, 0.95, 10))


def statistics(found: Sequence[list[Lesion]], masks: Iterable[NDArray[np.bool_]]) -> list[dict[str, Any]]:
    """Match each photo's outlines with its one true lesion, as ultralytics does.

    Args:
        found: for each photo its outlines, best first.
        masks: N true masks, each H x W; the outlines have the same size.
    """
    rows = []
    for name, (outlines, mask) in enumerate(zip(found, masks, strict=True)):
        x, y, width, height = cv2.boundingRect(mask.astype(np.uint8))
        target = torch.zeros(1)
        classes = torch.zeros(len(outlines))
        box_hits = mask_hits = np.zeros((len(outlines), 10), bool)
        if outlines:
            boxes = torch.tensor([outline.box for outline in outlines])
            true_box = torch.tensor([[x, y, x + width, y + height]], dtype=torch.float32)
            flat = torch.from_numpy(np.stack([outline.mask for outline in outlines])).flatten(1).float()
            true_mask = torch.from_numpy(mask).flatten()[None].float()
            box_hits = _match(classes, target, box_iou(true_box, boxes))
            mask_hits = _match(classes, target, mask_iou(true_mask, flat))
        rows.append(
            {
                "tp": box_hits,
                "tp_m": mask_hits,
                "conf": np.array([outline.score for outline in outlines], np.float32),
                "pred_cls": classes.numpy(),
                "target_cls": target.numpy(),
                "target_img": target.numpy(),
                "im_name": str(name),
            }
        )
    return rows


def summarise(rows: list[dict[str, Any]]) -> dict[str, float]:
    """mAP50 and mAP50-95 of boxes and masks over matched photos."""
    metrics = SegmentMetrics({0: "lesion"})
    for row in rows:
        metrics.update_stats(row)
    metrics.process()
    return {
        "mask_map50": float(metrics.seg.map50),
        "mask_map": float(metrics.seg.map),
        "box_map50": float(metrics.box.map50),
        "box_map": float(metrics.box.map),
    }


def jaccard(found: NDArray[np.bool_], true: NDArray[np.bool_]) -> float:
    """Jaccard index of two H x W masks; 1 if both are empty."""
    return float(jaccard_score(true.ravel(), found.ravel(), zero_division=1.0))


def _match(predicted: torch.Tensor, target: torch.Tensor, iou: torch.Tensor) -> NDArray[np.bool_]:
    matched = BaseValidator.match_predictions(cast(BaseValidator, _THRESHOLDS), predicted, target, iou)
    return np.asarray(matched.numpy(), np.bool_)

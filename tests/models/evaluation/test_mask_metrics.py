"""Mean average precision of outlines."""

import numpy as np
import pytest
from numpy.typing import NDArray

from inference.analysis import Lesion
from models.evaluation.mask_metrics import statistics, summarise


def map_scores(found: list[list[Lesion]], masks: NDArray[np.bool_]) -> dict[str, float]:
    return summarise(statistics(found, masks))


def square(left: int, side: int = 40) -> NDArray[np.bool_]:
    mask = np.zeros((64, 100), np.bool_)
    mask[10 : 10 + side, left : left + side] = True
    return mask


def outlined(mask: NDArray[np.bool_], score: float = 0.9) -> Lesion:
    rows, columns = np.nonzero(mask)
    box = (float(columns.min()), float(rows.min()), float(columns.max() + 1), float(rows.max() + 1))
    return Lesion(box, mask, score)


def test_map_of_perfect_outlines_is_one_and_of_wrong_ones_zero() -> None:
    masks = np.stack([square(left) for left in (5, 10, 20, 30)])
    right = map_scores([[outlined(mask)] for mask in masks], masks)
    assert right["mask_map"] == right["box_map"] == pytest.approx(0.995, abs=0.005)
    wrong = map_scores([[outlined(square(55))] for _ in masks], masks)
    assert wrong["mask_map50"] == wrong["box_map50"] == 0


def test_map_counts_each_threshold_of_overlap() -> None:
    masks = np.stack([square(10)] * 4)
    shifted = map_scores([[outlined(square(15))]] * 4, masks)  # Jaccard 35 / 45 = 0.778: right at 6 of 10 thresholds
    assert shifted["mask_map50"] == pytest.approx(0.995, abs=0.005)
    assert shifted["mask_map"] == pytest.approx(0.6, abs=0.01)


def test_a_photo_without_outline_costs_recall() -> None:
    masks = np.stack([square(10)] * 4)
    found = map_scores([[outlined(masks[0])], [outlined(masks[0])], [], []], masks)
    assert found["mask_map50"] == pytest.approx(0.5, abs=0.02)

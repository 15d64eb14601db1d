"""A trained segmenter draws masks for photos that have none."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.data.boxes import Boxes
from models.data.pictures import load_photos
from models.networks.segmenter import build_segmenter
from models.training import pseudo_masks
from models.training.pseudo_masks import PseudoMask, is_trusted, predict, write
from models.training.segmentation import RECIPE, Segmentation, SegmenterConfig, with_pseudo_masks
from tests.models import drawn_sets


@pytest.fixture(scope="module")
def roots(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return drawn_sets.all_sets(tmp_path_factory.mktemp("sets"), {"train": 6, "val": 6})


def test_pseudo_masks_teach_where_there_is_no_mask(roots: list[Path], tmp_path: Path) -> None:
    milk = load_photos(roots[1:2], "train").where(lambda photo: photo.domain == "phone")
    inside = np.zeros((360, 480), np.bool_)
    inside[100:160, 200:260] = True
    good = PseudoMask(milk[0].image_id, (0.4, 0.3, 0.6, 0.5), 0.9, inside, 0.9)
    found = [good, replace(good, image_id=milk[1].image_id, agreement=0.5)]
    assert write(found, tmp_path / "pseudo-masks.zip", tmp_path / "boxes.json") == 1
    assert set(Boxes.read(tmp_path / "boxes.json").found) == {milk[0].image_id, milk[1].image_id}
    outlined = with_pseudo_masks(milk, tmp_path / "pseudo-masks.zip")
    mask = outlined[0].mask()
    assert mask is not None and np.array_equal(mask, inside) and outlined[1].mask() is None
    config = SegmenterConfig(size=64, pseudo_masks=str(tmp_path / "pseudo-masks.zip"))
    assert milk[0].image_id in Segmentation(roots, config, RECIPE, 6).train.ids


def test_outlines_along_the_edge_or_of_half_a_photo_are_not_is_trusted() -> None:
    mask = np.zeros((40, 40), np.bool_)
    mask[10:20, 10:20] = True
    found = PseudoMask("a", (0, 0, 1, 1), 0.9, mask, 0.9)
    along, large = mask.copy(), np.pad(np.ones((32, 32), np.bool_), 4)
    along[10, :10] = True
    assert (
        is_trusted(found) and not is_trusted(replace(found, mask=along)) and not is_trusted(replace(found, mask=large))
    )
    assert not is_trusted(replace(found, mask=np.zeros_like(mask)))


def test_a_photo_is_segmented_twice(roots: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    from inference.analysis import Lesion

    seen = []

    def find(network: object, photos: list[np.ndarray], frame: object, **_: object) -> list[list[Lesion]]:
        height, width = photos[0].shape[:2]
        seen.append((height, width))
        mask = np.zeros((height, width), np.bool_)
        if len(seen) == 1:
            mask[150:200, 200:300] = True
            return [[Lesion((200, 150, 300, 200), mask, 0.8)]]
        dark = photos[0].sum(2) < 300
        return [[Lesion((0, 0, 9, 9), dark, 0.9)]]

    monkeypatch.setattr(pseudo_masks, "find_lesions", find)
    photo = load_photos(roots[1:2], "val").where(lambda photo: photo.domain == "phone")[0]
    found = predict(photo, build_segmenter(), (64, 64))
    assert found is not None and found.box == (200 / 480, 150 / 360, 300 / 480, 200 / 360)
    assert seen == [(360, 480), (301, 301)]
    dark = photo.pixels().sum(2) < 300
    assert (found.mask & dark).sum() / max(dark.sum(), 1) > 0.9, "the second mask lies where it was made"

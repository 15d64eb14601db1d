"""Everyday pictures: where they come from, how they are split, and that none shows a lesion."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from models.data.ham10000 import Lesions, load
from models.errors import DataError
from models.gate import everyday
from models.gate.everyday import HEALTHY, PARTS, SHARES, SHORTEST, Source, gather, healthy_skin, part_of
from models.gate.everyday_drawn import DRAWN, draw
from tests.models import drawn_ham


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Source:
    """A package with three variants of one picture, and some that are left out."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(3):
        Image.new("RGB", (1280, 960), (number, 0, 0)).save(folder / f"left{number}.png")
    Image.new("RGBA", (200, 150), (0, 0, 255, 0)).save(folder / "clear.png")
    Image.new("RGB", (300, SHORTEST - 1)).save(folder / "flat.png")
    Image.new("1", (9_500, 9_500)).save(folder / "vast.png")
    (folder / "left.txt").write_text("no picture")
    (folder / "right.png").symlink_to(folder / "left0.png")
    source = Source("samples", "some-package", str(folder), "name", 2)
    monkeypatch.setattr(everyday, "SOURCES", (source,))
    monkeypatch.setattr(everyday, "DRAWN_EACH", 2)
    monkeypatch.setattr(everyday, "DRAWN_MORE", 1)
    return source


def test_pictures_are_gathered_from_folders_and_drawn(source: Source) -> None:
    found = list(gather())
    assert Counter(picture.kind for picture in found) == {"samples": 3, **dict.fromkeys(DRAWN, 3)}
    assert sum(picture.part == "fit" for picture in found if picture.kind in DRAWN) >= len(DRAWN), "more to learn from"
    left = [picture for picture in found if picture.group.endswith(":left")]
    assert len(left) == 2 and len({picture.part for picture in left}) == 1, "variants stay together"
    assert {picture.pixels.shape for picture in left} == {(480, 640, 3)}
    (clear,) = (picture for picture in found if picture.group.endswith(":clear"))
    assert clear.pixels.dtype == np.uint8 and (clear.pixels == 255).all(), "transparency is laid on white"


def test_a_missing_package_is_named(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    others = (Source("a", "deb-that-is-absent", "/nowhere/at/all", "name", 1), source)
    monkeypatch.setattr(everyday, "SOURCES", (*others, Source("b", "absent-wheel", "absent_wheel/data", "name", 1)))
    with pytest.raises(DataError, match=r"absent-wheel, deb-that-is-absent$"):
        next(gather())


def test_half_is_held_out_by_the_names_alone() -> None:
    counts = Counter(part_of(f"group {number}") for number in range(4000))
    assert {part: counts[part] / 4000 for part in PARTS} == pytest.approx(SHARES, abs=0.03)
    assert part_of("group 0") == part_of("group 0")


@pytest.mark.parametrize("kind", DRAWN)
def test_a_drawn_picture_is_always_the_same_and_like_no_other(kind: str) -> None:
    pictures = [draw(kind, number) for number in range(8)]
    for number, picture in enumerate(pictures):
        assert picture.dtype == np.uint8 and picture.shape[2] == 3 and min(picture.shape[:2]) >= SHORTEST
        assert np.array_equal(picture, draw(kind, number))
    assert len({picture.tobytes() for picture in pictures}) == 8


@pytest.fixture(scope="module")
def lesions(tmp_path_factory: pytest.TempPathFactory) -> Lesions:
    return load(drawn_ham.packed(tmp_path_factory.mktemp("data") / "ham", {"val": 60}), "val")


def test_crops_of_skin_show_no_lesion(lesions: Lesions) -> None:
    marked = Lesions(
        lesions.ids, lesions.groups, np.repeat(lesions.masks[..., None] * np.uint8(255), 3, -1), lesions.masks,
        lesions.labels,
    )  # fmt: skip
    crops = list(healthy_skin(marked, "fit"))
    assert 5 < len(crops) < 60, "not every lesion leaves room"
    for crop in crops:
        assert crop.kind == HEALTHY and crop.part == "fit"
        assert min(crop.pixels.shape[:2]) >= SHORTEST
        assert not crop.pixels.any()


def test_crops_are_split_by_lesion(lesions: Lesions) -> None:
    parts: dict[str, set[str]] = {}
    for crop in healthy_skin(lesions):
        parts.setdefault(crop.group, set()).add(crop.part)
    assert all(len(each) == 1 for each in parts.values())
    assert set.union(*parts.values()) == {"choose", "held-out"}

"""Both layouts of HAM10000 are read alike."""

from pathlib import Path

import numpy as np
import pytest

from inference.classes import CLASSES
from models.data.ham10000 import load, read_index
from models.errors import DataError
from tests.models import drawn_ham


def test_packed_layout(tmp_path: Path) -> None:
    root = drawn_ham.packed(tmp_path / "ham", {"train": 9, "val": 4, "test": 3})
    lesions = load(root, "val")
    assert lesions.ids == ("ISIC_0000009", "ISIC_0000010", "ISIC_0000011", "ISIC_0000012")
    assert lesions.groups[1] == lesions.groups[2]
    assert [CLASSES[label] for label in lesions.labels] == ["bcc", "bkl", "df", "mel"]
    image, mask = drawn_ham.draw(10)
    assert np.abs(lesions.images[1].astype(int) - image).mean() < 6, "WebP loses little"
    assert (lesions.masks[1] == (mask > 0)).all()


def test_published_layout_takes_its_split_from_the_list(tmp_path: Path) -> None:
    known = {row.split(",")[0]: row.split(",")[1] for row in _split_file()}
    test, val = (next(name for name, split in known.items() if split == wanted) for wanted in ("test", "val"))
    root = drawn_ham.published(tmp_path / "ham", sorted([test, val, "ISIC_9999998", "ISIC_9999999"]))
    assert {row.image_id: row.split for row in read_index(root)} == {
        test: "test", val: "val", "ISIC_9999998": "train", "ISIC_9999999": "train",
    }  # fmt: skip
    train = load(root, "train")
    assert train.images.shape == (2, 240, 320, 3)
    image, mask = drawn_ham.draw(3, 600, 450)
    assert abs(float(train.masks[1].mean()) - float((mask > 0).mean())) < 0.01
    assert np.abs(train.images[1].mean((0, 1)) - image.mean((0, 1))).max() < 3


def test_the_list_holds_the_paper_s_828_test_images() -> None:
    splits = [row.split(",")[1] for row in _split_file()]
    assert (splits.count("test"), splits.count("val")) == (828, 919)


def test_limit_spreads_over_the_split(tmp_path: Path) -> None:
    root = drawn_ham.packed(tmp_path / "ham", {"train": 9})
    assert load(root, "train", limit=3).ids == ("ISIC_0000000", "ISIC_0000004", "ISIC_0000008")


def test_no_metadata_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"neither metadata\.csv nor HAM10000_metadata"):
        load(tmp_path, "train")


def test_a_missing_picture_is_named(tmp_path: Path) -> None:
    root = drawn_ham.published(tmp_path / "ham", ["ISIC_9999999"])
    next(root.rglob("*.jpg")).unlink()
    with pytest.raises(DataError, match=r"ISIC_9999999\.jpg: no such file"):
        load(root, "train")


def test_a_damaged_archive_is_named(tmp_path: Path) -> None:
    root = drawn_ham.packed(tmp_path / "ham", {"train": 1})
    (root / "masks.zip").write_bytes(b"no archive")
    with pytest.raises(DataError, match=r"masks\.zip"):
        load(root, "train")


def test_an_unknown_class_is_named(tmp_path: Path) -> None:
    root = drawn_ham.packed(tmp_path / "ham", {"train": 1})
    table = root / "metadata.csv"
    table.write_text(table.read_text().replace("akiec", "wart"))
    with pytest.raises(DataError, match="wart"):
        load(root, "train")


def _split_file() -> list[str]:
    path = Path(__file__).parents[3] / "models" / "data" / "ham10000_split.csv"
    return path.read_text().splitlines()[1:]

"""Three sets are read as one."""

from pathlib import Path

import numpy as np
import pytest

from inference.classes import CLASSES
from models.data.pictures import NO_CLASS, ham10000_of, load_photos
from models.errors import DataError
from tests.models import drawn_ham, drawn_sets


def test_every_set_gives_pictures_with_all_that_is_known(tmp_path: Path) -> None:
    photos = load_photos(drawn_sets.all_sets(tmp_path, {"train": 9, "val": 2}), "train")
    sources = [photo.source for photo in photos.photos]
    assert {name: sources.count(name) for name in sources} == {
        "ham10000": 9, "milk10k-dermatoscope": 9, "milk10k-camera": 9, "pad": 9,
    }  # fmt: skip
    ham, close, camera, phone = (photos[sources.index(name)] for name in dict.fromkeys(sources))
    assert [each.domain for each in (ham, close, camera, phone)] == ["dermatoscope", "dermatoscope", "phone", "phone"]
    assert camera.pixels().shape == (360, 480, 3) and camera.mask() is None
    assert phone.pixels().shape == (200, 150, 3) and camera.group == close.group
    mask = phone.mask()
    assert mask is not None and mask.shape == (200, 150) and 0 < mask.mean() < 0.5
    assert phone.facts["itch"] == "True" and phone.facts["bleed"] == "UNK" and "grew" not in phone.facts


def test_what_has_no_class_keeps_its_diagnosis(tmp_path: Path) -> None:
    photos = load_photos([drawn_sets.milk10k(tmp_path / "milk", {"train": 9})], "train")
    labels = {photo.dx: photo.label for photo in photos.photos}
    assert labels == {name: CLASSES.index(name) for name in CLASSES} | {"other": NO_CLASS}


def test_the_publisher_s_pictures_are_reduced(tmp_path: Path) -> None:
    photos = load_photos([drawn_ham.published(tmp_path / "ham", ["ISIC_9999998"])], "train")
    assert photos[0].pixels().shape == (240, 320, 3)
    mask = photos[0].mask()
    assert mask is not None and mask.shape == (240, 320)


def test_a_limit_counts_for_each_set_and_domain(tmp_path: Path) -> None:
    photos = load_photos(drawn_sets.all_sets(tmp_path, {"val": 6}), "val", 2)
    assert len(photos) == 8
    assert len(photos.where(lambda photo: photo.domain == "phone")) == 4


def test_ham10000_is_found_among_the_sets(tmp_path: Path) -> None:
    roots = drawn_sets.all_sets(tmp_path, {"val": 1})
    assert ham10000_of(roots[::-1]) == roots[0]
    with pytest.raises(DataError, match="HAM10000"):
        ham10000_of(roots[1:])


def test_an_unknown_diagnosis_is_refused(tmp_path: Path) -> None:
    root = drawn_sets.pad(tmp_path / "pad", {"val": 2})
    table = root / "metadata.csv"
    table.write_text(table.read_text().replace(",nv,", ",wart,"))
    with pytest.raises(DataError, match="wart"):
        load_photos([root], "val")


def test_labels_are_of_the_pictures(tmp_path: Path) -> None:
    photos = load_photos([drawn_ham.packed(tmp_path / "ham", {"val": 4})], "val")
    assert np.array_equal(photos.labels, [0, 1, 2, 3])

"""Answers of a person join the photo's probabilities."""

from pathlib import Path

import numpy as np
import pytest

from inference.classes import CLASSES
from inference.pipeline.answers import COLUMNS, Joint, encode
from models.data.pictures import Photos, load_photos
from models.release import answers as answers_fit
from models.release.answers import cross_fitted, encoded, evidence, fit_joint, worth
from tests.models import drawn_sets

EVEN = dict.fromkeys(CLASSES, 1 / len(CLASSES))


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> tuple[Photos, Photos]:
    root = drawn_sets.pad(tmp_path_factory.mktemp("sets") / "pad", {"train": 60, "val": 60})
    return load_photos([root], "train"), load_photos([root], "val")


def test_yes_no_and_unknown_are_three_answers() -> None:
    row = encode({"itch": True, "grew": "False", "hurt": "UNK", "bleed": None, "elevation": ""})
    assert {name for name, value in zip(COLUMNS, row, strict=True) if value} == {"itch=True", "grew=False"}


def test_age_and_region_are_read_as_the_table_writes_them() -> None:
    row = dict(zip(COLUMNS, encode({"age": "57", "region": "nose"}), strict=True))
    assert row["region=NOSE"] == 1 and row["age=50"] > row["age=30"] and row["age=65"] > row["age=80"]
    assert sum(value for name, value in row.items() if name.startswith("age=")) == pytest.approx(1)
    assert not encode({"age": "old", "region": "ELSEWHERE"}).any()


def test_nothing_answered_changes_nothing() -> None:
    joint = Joint(np.ones(1, np.float32), np.ones((8, len(COLUMNS)), np.float32), np.arange(8, dtype=np.float32))
    assert joint(EVEN, {"itch": "UNK"}) == EVEN


def test_what_answers_say_moves_the_photo_s_classes(photos: tuple[Photos, Photos]) -> None:
    train, val = photos
    learnt = evidence(encoded(train), train.labels)
    even = np.full((len(val), len(CLASSES)), 1 / len(CLASSES))
    joint = fit_joint(even, encoded(val), val.labels, learnt)
    found = joint(EVEN, {"itch": True})
    assert list(found) == list(CLASSES) and sum(found.values()) == pytest.approx(1)
    assert found["bcc"] > joint(EVEN, {"itch": False})["bcc"], "in the drawn set basal cell carcinomas alone itch"
    assert found["df"] > 0 and learnt[CLASSES.index("df")] == pytest.approx(learnt[CLASSES.index("vasc")])


def test_no_patient_judges_the_factors_fitted_on_them(photos: tuple[Photos, Photos]) -> None:
    train, val = photos
    even = np.full((len(val), len(CLASSES)), 1 / len(CLASSES))
    groups = [photo.group for photo in val.photos]
    found = cross_fitted(even, encoded(val), val.labels, groups, evidence(encoded(train), train.labels))
    assert np.allclose(found.sum(1), 1)


def test_each_question_s_worth_is_told(photos: tuple[Photos, Photos]) -> None:
    train, val = photos
    rows = {row.what: row for row in worth(train, val, np.full((len(val), len(CLASSES)), 1 / len(CLASSES)))}
    assert rows["itch alone"].loss < rows["photo alone"].loss
    assert rows["without itch"].loss > rows["all answers"].loss
    assert set(rows) >= {f"without {name}" for name in answers_fit.ASKED}


def test_one_question_is_left_out_or_alone(photos: tuple[Photos, Photos]) -> None:
    without, only = encoded(photos[0], without="itch"), encoded(photos[0], only="itch")
    assert np.array_equal(without + only, encoded(photos[0])) and only.any() and not (without * only).any()


def test_answers_of_a_photo_are_in_its_table(tmp_path: Path) -> None:
    photo = load_photos([drawn_sets.pad(tmp_path / "pad", {"val": 1})], "val")[0]
    assert encode(photo.facts)[COLUMNS.index("itch=True")] == 1

"""Figures are said of each set and kind of picture, and of groups of people."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from inference.analysis import Analysis, Quality, Refusal, Risk
from inference.classes import CLASSES
from inference.drift import references
from models.data.pictures import TITLES, load_photos
from models.evaluation import kinds
from models.evaluation.kinds import FEWEST, Row, described, measured, report
from tests.models import drawn_sets

RIGHT = Analysis("nv", {}, None, Quality(300, 300, 0.5, 0.7), None, Risk.LOW, "phone")
REFUSED = replace(RIGHT, label=None, probabilities={}, refusal=Refusal.BLURRED, risk=None, domain=None)


@pytest.fixture
def rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Row]:
    """Every photo of three sets, each called what it is by phone, but one that was refused."""
    monkeypatch.setattr(kinds, "ROUNDS", 5)
    photos = load_photos(drawn_sets.all_sets(tmp_path, {"val": 16}), "val").where(lambda photo: photo.label >= 0)
    nothing = dict.fromkeys(CLASSES, 0.0)
    found = [
        Row(photo, replace(RIGHT, label=photo.dx, probabilities=nothing | {photo.dx: 1.0})) for photo in photos.photos
    ]
    found[0] = Row(found[0].photo, REFUSED)
    return found


def test_each_kind_of_picture_has_its_own_figures(rows: list[Row], tmp_path: Path) -> None:
    report(rows, "val", tmp_path / "kinds-val")
    found = json.loads((tmp_path / "kinds-val.json").read_text())
    table, counts = (found[part]["By set and kind of picture"] for part in ("tables", "counts"))
    assert list(table) == [TITLES[source] for source in TITLES if source != "pool"] and sum(counts.values()) == len(
        rows
    )
    ham, phone = table["HAM10000, dermatoscope"], table["PAD-UFES-20, photo by phone"]
    assert ham["accuracy"][0] == pytest.approx(15 / 16) and ham["refused"][0] == pytest.approx(1 / 16)
    assert (phone["accuracy"][0], phone["domain_right"][0], ham["domain_right"][0]) == (1, 1, 0)
    text = (tmp_path / "kinds-val.md").read_text()
    assert "Training pool" not in text, "a set that was not given has no row"
    assert "| HAM10000, dermatoscope | 16 | blurred 1 |" in text and "by skin tone" in text


def test_both_kinds_of_picture_are_told_by_skin_tone_age_and_site(rows: list[Row], tmp_path: Path) -> None:
    report(rows, "val", tmp_path / "kinds-val")
    tables = json.loads((tmp_path / "kinds-val.json").read_text())["tables"]
    sets = {
        "Photos by phone and camera": ("MILK10k", "PAD-UFES-20"),
        "Pictures through the dermatoscope": ("HAM10000", "MILK10k"),
    }
    for picture, of_sets in sets.items():
        for fact in ("skin tone", "age", "site"):
            assert all(
                len(interval) == 3 for row in tables[f"{picture}, by {fact}"].values() for interval in row.values()
            )
        assert {name.partition(",")[0] for name in tables[f"{picture}, by age"]} == set(of_sets)


def test_a_group_of_too_few_people_is_not_shown(rows: list[Row], tmp_path: Path) -> None:
    report(rows, "val", tmp_path / "kinds-val")
    counts = json.loads((tmp_path / "kinds-val.json").read_text())["counts"]
    shown = [
        count for title, table in counts.items() if title.startswith("Photos by phone") for count in table.values()
    ]
    assert shown and min(shown) >= FEWEST


def test_people_are_grouped_by_tone_age_and_site(rows: list[Row]) -> None:
    phone = next(row.photo for row in rows if row.photo.dataset == "pad")
    assert described(phone) == {"tone": "Fitzpatrick I and II", "age": "40 to 64", "site": "face"}
    dark = replace(phone, facts={"skin_tone_class": "1", "age": "70", "site": "trunk"})
    assert described(dark) == {"tone": "skin tone 0 to 2, darker", "age": "65 and over", "site": "trunk"}
    assert described(replace(phone, facts={})) == {}


def test_a_refused_photo_counts_as_wrong_and_not_warned_of(rows: list[Row]) -> None:
    melanomas = [replace(row, analysis=REFUSED) for row in rows if row.photo.dx == "mel"]
    found = measured(melanomas, rounds=5)
    assert (found["accuracy"][0], found["melanoma_warned"][0], found["refused"][0]) == (0, 0, 1)


def test_the_report_says_what_the_answered_photos_looked_like(rows: list[Row], tmp_path: Path) -> None:
    seen = [
        replace(
            row,
            analysis=replace(row.analysis, models={"classifier": "fixcaps 1.0.0"}),
            features={"sharpness": number / len(rows)},
        )
        for number, row in enumerate(rows)
    ]
    report(seen, "val", tmp_path / "kinds-val")
    known = references(tmp_path, "fixcaps 1.0.0")
    assert list(known) == ["phone"] and known["phone"].photos == len(rows) - 1, "the refused photo is left out"
    assert known["phone"].features["sharpness"].edges == pytest.approx(np.linspace(0, 1, 11)[1:-1], abs=0.02)
    assert known["phone"].labels["mel"] == pytest.approx(
        sum(row.analysis.label == "mel" for row in rows) / (len(rows) - 1), abs=1e-3
    )
    assert references(tmp_path, "fixcaps 1.0.1") == {}, "the report is of another classifier"

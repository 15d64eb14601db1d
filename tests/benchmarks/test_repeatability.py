"""Repeatability is measured on lesions with two photos, and on none of a test split."""

import sys
import zipfile
from pathlib import Path

import pytest

from benchmarks import repeatability
from bot.samples import sample


def folder_of(path: Path, rows: list[tuple[str, str, str]]) -> Path:
    """A data folder with drawn photos: lesion, image and split of each."""
    path.mkdir()
    lines = ["lesion_id,image_id,split", *(",".join(row) for row in rows)]
    (path / "metadata.csv").write_text("\n".join(lines), encoding="utf-8")
    with zipfile.ZipFile(path / "images.zip", "w") as archive:
        for _lesion, image, _split in rows:
            archive.writestr(f"images/{image}.jpg", sample("mole" if image.endswith("1") else "uneven"))
    return path


def test_only_lesions_with_two_photos_outside_of_test_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [("a", "a1", "train"), ("a", "a2", "train"), ("b", "b1", "val"), ("c", "c1", "test"), ("c", "c2", "test")]
    monkeypatch.setattr(sys, "argv", ["repeatability", str(folder_of(tmp_path / "drawn", rows))])
    assert repeatability.main() == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "drawn: 1 lesions photographed twice"
    # Between the steps of a single lesion there is no spread.
    assert lines[1:] == [f"  {name}: 0.000" for name in repeatability.NAMES]

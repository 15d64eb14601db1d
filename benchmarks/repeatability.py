"""`python -m benchmarks.repeatability DATA...`: measure how much the marks of one lesion differ between photos.

DATA are folders with `images.zip` and `metadata.csv`. Lesions of a test split are left out. The results are constants
in `inference.comparison.change`.
"""

import argparse
import csv
import random
import statistics
import zipfile
from collections import defaultdict
from math import log, sqrt
from pathlib import Path

from inference.comparison.marks import Marks
from inference.drawing.words import CaptionOptions
from inference.engine import tasks
from inference.registry.registry import DEFAULT_WEIGHTS

MOST_PAIRS = 70
NAMES = ("area", "asymmetry", "contrast")


def main() -> int:
    """Print the standard deviation of each mark between two photos of one lesion, for each folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, nargs="+")
    for folder in parser.parse_args().data:
        pairs = [found for found in map(_marks, _pairs(folder)) if found is not None]
        print(f"{folder.name}: {len(pairs)} lesions photographed twice")
        for name in NAMES:
            print(f"  {name}: {_deviation(name, pairs):.3f}")
    return 0


def _pairs(folder: Path) -> list[tuple[bytes, bytes]]:
    """Two photos of each of some random lesions outside the test split."""
    lesions: dict[tuple[str, str], list[str]] = defaultdict(list)
    with (folder / "metadata.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["split"] != "test":
                lesions[row.get("patient_id", ""), row["lesion_id"]].append(Path(row["image_id"]).stem)
    several = [photos[:2] for photos in lesions.values() if len(photos) > 1]
    random.Random(1).shuffle(several)
    with zipfile.ZipFile(folder / "images.zip") as archive:
        files = {Path(name).stem: name for name in archive.namelist()}
        return [(archive.read(files[first]), archive.read(files[second])) for first, second in several[:MOST_PAIRS]]


def _marks(pair: tuple[bytes, bytes]) -> tuple[Marks, Marks] | None:
    """The marks in both photos; None if one is refused or shows only a part of the lesion."""
    found = [tasks.follow(DEFAULT_WEIGHTS, None, data, CaptionOptions("en")) for data in pair]
    marks = [each.marks for each in found if each.marks and each.measures and not each.measures.cut_off]
    return (marks[0], marks[1]) if len(marks) == 2 else None


def _deviation(name: str, pairs: list[tuple[Marks, Marks]]) -> float:
    """The standard deviation of one photo's mark; for the area it is relative."""
    values = [(getattr(first, name).value, getattr(second, name).value) for first, second in pairs]
    steps = [log(second / first) if name == "area" else second - first for first, second in values]
    return statistics.pstdev(steps) / sqrt(2)


if __name__ == "__main__":
    raise SystemExit(main())

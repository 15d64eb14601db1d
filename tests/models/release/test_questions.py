"""The report says what each question is worth beside the photo."""

from pathlib import Path

from inference.analysis import Analysis, Quality, Refusal, Risk
from inference.classes import CLASSES
from models.data.pictures import Photos, load_photos
from models.evaluation.kinds import Row
from models.release.answers import ASKED
from models.release.questions import write_worth
from tests.models import drawn_sets

QUALITY = Quality(300, 300, 0.5, 0.7)
EVEN = Analysis("nv", dict.fromkeys(CLASSES, 1 / len(CLASSES)), None, QUALITY, None, Risk.LOW, "phone")
REFUSED = Analysis(None, {}, None, QUALITY, Refusal.BLURRED, None)


def rows(photos: Photos) -> list[Row]:
    return [Row(photo, EVEN) for photo in photos.photos]


def test_every_question_has_a_line_and_a_refused_photo_does_not_count(tmp_path: Path) -> None:
    root = drawn_sets.pad(tmp_path / "pad", {"train": 60, "val": 60})
    found = rows(load_photos([root], "val"))
    found[0] = Row(found[0].photo, REFUSED)
    write_worth([root], found, tmp_path / "questions-val.md")
    text = (tmp_path / "questions-val.md").read_text()
    assert "59 photos by phone" in text and "| photo alone |" in text and "| all answers |" in text
    assert all(f"| without {name} |" in text and f"| {name} alone |" in text for name in ASKED)


def test_without_answers_there_is_no_such_report(tmp_path: Path) -> None:
    root = drawn_sets.milk10k(tmp_path / "milk10k", {"val": 4})
    write_worth([root], rows(load_photos([root], "val")), tmp_path / "questions-val.md")
    assert not (tmp_path / "questions-val.md").exists()

"""Photos from anywhere are analysed as photo files are, on every core and in the order given."""

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inference.analysis import Analysis
from inference.batches import BATCH, Answer, Outputs, answers, file_answers
from inference.photo import Photo, decode
from inference.registry.registry import Registry
from tests.inference.pictures import encoded, skin


def assert_same(one: Answer[Any], other: Answer[Any]) -> None:
    assert one.analysis is not None and other.analysis is not None
    assert one.analysis.label == other.analysis.label
    assert list(one.analysis.probabilities.values()) == pytest.approx(list(other.analysis.probabilities.values()))
    assert one.analysis.lesion is not None and other.analysis.lesion is not None
    assert np.array_equal(one.analysis.lesion.mask, other.analysis.lesion.mask)


def test_files_bytes_and_pixels_of_a_photo_have_one_answer(weights: Path, tmp_path: Path) -> None:
    registry = Registry.load(weights)
    pixels = [skin(300 + 20 * number, 240, number) for number in range(3)]
    files = [encoded(each, "PNG") for each in pixels]
    paths = [tmp_path / f"{number}.png" for number in range(3)]
    for path, file in zip(paths, files, strict=True):
        path.write_bytes(file)
    from_paths = list(file_answers(paths, registry, Outputs()))
    assert [answer.photo for answer in from_paths] == paths
    for other in (answers(files, decode, registry), answers(pixels, Photo, registry)):
        for one, two in zip(from_paths, other, strict=True):
            assert_same(one, two)


def test_what_cannot_be_read_is_an_error_among_the_answers(weights: Path) -> None:
    given = [encoded(skin()), b"not a photo", encoded(skin())]
    found = list(answers(given, decode, Registry.load(weights)))
    assert [answer.error for answer in found] == [None, "not_an_image", None]


def test_each_analysis_is_handed_over_by_the_thread_that_made_it(
    weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inference.batches.cores", lambda: 2)
    seen: list[tuple[int, str]] = []
    both = threading.Barrier(2, timeout=60)

    def then(number: int, photo: Photo, analysis: Analysis) -> None:
        if number % BATCH == 0:
            both.wait()  # passes only where two threads work at once
        assert analysis.quality.width == photo.width
        seen.append((number, threading.current_thread().name))

    found = list(answers(range(2 * BATCH), lambda _: Photo(skin(120, 110)), Registry.load(weights), then=then))
    assert [answer.photo for answer in found] == list(range(2 * BATCH))
    assert len({name for _, name in seen}) == 2 and sorted(number for number, _ in seen) == list(range(2 * BATCH))

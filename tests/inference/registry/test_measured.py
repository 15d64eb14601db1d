"""measured: what the release's own report says of its misses."""

import json
from pathlib import Path

import pytest

from inference.registry.measured import REPORT, melanomas_missed
from inference.registry.registry import DEFAULT_WEIGHTS


def test_the_worst_set_of_a_domain_counts(tmp_path: Path) -> None:
    rows = {
        "HAM10000, dermatoscope": {"melanoma_warned": [0.9, 0.8, 1.0]},
        "MILK10k, dermatoscope": {"melanoma_warned": [0.95, 0.8, 1.0]},
        "MILK10k, close-up by camera": {"melanoma_warned": [0.86, 0.7, 1.0]},
        "PAD-UFES-20, photo by phone": {"melanoma_warned": [1.0, 1.0, 1.0]},
        "without melanomas, photo by phone": {"accuracy": [1.0, 1.0, 1.0]},
    }
    (tmp_path / REPORT).write_text(json.dumps({"tables": {"By set and kind of picture": rows}}))
    assert melanomas_missed(tmp_path) == pytest.approx({"dermatoscope": 0.1, "phone": 0.14})


def test_without_a_report_nothing_is_claimed(tmp_path: Path) -> None:
    assert melanomas_missed(tmp_path) == {}


def test_the_release_says_what_it_misses_in_both_domains() -> None:
    missed = melanomas_missed(DEFAULT_WEIGHTS)
    assert set(missed) == {"dermatoscope", "phone"}
    assert all(0 <= share < 0.5 for share in missed.values())

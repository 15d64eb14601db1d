"""Cohen's kappa, against a worked example and at its ends."""

import pytest
from sklearn.metrics import cohen_kappa_score

from bot.learning.kappa import cohens_kappa


def test_it_is_what_another_implementation_gives() -> None:
    pairs = [("nv", "nv")] * 20 + [("nv", "mel")] * 5 + [("mel", "nv")] * 10 + [("mel", "mel")] * 12 + [("bcc", "nv")]
    assert cohens_kappa(pairs) == pytest.approx(cohen_kappa_score(*zip(*pairs, strict=True)))


def test_it_is_one_where_all_agree_and_zero_where_only_chance_does() -> None:
    assert cohens_kappa([("nv", "nv"), ("mel", "mel")]) == 1
    assert cohens_kappa([("nv", "nv"), ("nv", "mel"), ("mel", "nv"), ("mel", "mel")]) == 0


def test_it_is_not_given_where_it_is_not_defined() -> None:
    assert cohens_kappa([]) is None
    assert cohens_kappa([("nv", "nv"), ("nv", "nv")]) is None

"""risk: what to do follows the suspicious classes together, and never becomes calmer as they gain."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.analysis import CLASSES, Risk
from inference.classes import BENIGN, SUSPICIOUS
from inference.pipeline.risk import risk_of
from inference.registry.schema import DomainEntry

PARTS = st.lists(st.floats(0.01, 1), min_size=len(CLASSES), max_size=len(CLASSES))
LIMITS = st.builds(
    DomainEntry,
    slopes=st.just((1.0,)),
    bias=st.just((0.0,) * len(CLASSES)),
    suspicious=st.floats(0.02, 0.9),
    melanoma=st.floats(0.02, 0.5),
)
ORDER = list(Risk)


def shares(parts: list[float], group: float) -> dict[str, float]:
    """Probabilities in these proportions, where the suspicious ones are `group` together."""
    named = dict(zip(CLASSES, parts, strict=True))
    whole = {names: sum(named[name] for name in names) for names in (SUSPICIOUS, BENIGN)}
    return {
        name: part / whole[SUSPICIOUS] * group if name in SUSPICIOUS else part / whole[BENIGN] * (1 - group)
        for name, part in named.items()
    }


@given(PARTS, LIMITS, st.floats(0, 1), st.floats(0, 1))
def test_the_risk_never_falls_as_the_group_gains(
    parts: list[float], limits: DomainEntry, one: float, other: float
) -> None:
    less, more = (risk_of(shares(parts, group), limits) for group in sorted((one, other)))
    assert ORDER.index(less) <= ORDER.index(more)


@given(PARTS, PARTS, LIMITS, st.floats(0, 1))
def test_what_the_group_is_made_of_decides_nothing_but_the_melanoma_limit(
    parts: list[float], others: list[float], limits: DomainEntry, group: float
) -> None:
    without = limits.model_copy(update={"melanoma": 2.0})
    one = shares(parts, group)
    other = shares(others, sum(one[name] for name in SUSPICIOUS)) | {name: one[name] for name in BENIGN}
    # A share on the limit itself may be rounded to either side.
    if abs(group - limits.suspicious) > 1e-9 and abs(group - max(one[name] for name in BENIGN)) > 1e-9:
        assert risk_of(one, without) is risk_of(other, without)


@given(PARTS, LIMITS)
def test_a_named_melanoma_is_high(parts: list[float], limits: DomainEntry) -> None:
    found = shares(parts, 0.5)
    found["mel"] = max(found.values()) * 1.01
    assert risk_of(found, limits) is Risk.HIGH


@pytest.mark.parametrize(
    ("group", "benign", "risk"),
    [(0.55, 0.36, Risk.HIGH), (0.42, 0.45, Risk.RAISED), (0.10, 0.8, Risk.LOW), (0.38, 0.31, Risk.HIGH)],
)
def test_the_group_is_weighed_against_the_likeliest_benign_class(group: float, benign: float, risk: Risk) -> None:
    limits = DomainEntry(slopes=(1.0,), bias=(0.0,) * len(CLASSES), suspicious=0.4, melanoma=0.4)
    found = dict.fromkeys(CLASSES, 0.0) | {"bcc": group, "nv": benign, "vasc": 1 - group - benign}
    assert risk_of(found, limits) is risk


def test_of_two_risks_the_more_urgent_one_counts() -> None:
    assert Risk.LOW.at_least(Risk.RAISED) is Risk.RAISED
    assert Risk.HIGH.at_least(Risk.RAISED) is Risk.HIGH

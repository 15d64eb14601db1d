"""When a mole counts as changed: where photos of an unchanged one would hardly differ so."""

import pytest

from inference.comparison.change import Mark, Measurement, changed, error
from inference.comparison.marks import Estimate
from inference.domains import DOMAINS, Domain
from tests.bot.examinations import marks


@pytest.mark.parametrize("domain", DOMAINS)
def test_what_two_photos_of_one_mole_differ_by_is_no_change(domain: Domain) -> None:
    first = Measurement(marks(asymmetry=0.06, contrast=20), domain)
    assert changed(first, first) == ()
    assert changed(first, Measurement(marks(asymmetry=0.08, contrast=23), domain)) == ()


@pytest.mark.parametrize("domain", DOMAINS)
def test_what_goes_beyond_is_told_by_its_name(domain: Domain) -> None:
    first = Measurement(marks(asymmetry=0.06, contrast=20), domain)
    assert changed(first, Measurement(marks(asymmetry=0.2, contrast=20), domain)) == (Mark.ASYMMETRY,)
    assert changed(first, Measurement(marks(asymmetry=0.06, contrast=45), domain)) == (Mark.CONTRAST,)


def test_a_larger_area_in_the_photo_is_no_growth() -> None:
    assert changed(Measurement(marks(area=0.05), "phone"), Measurement(marks(area=0.4), "phone")) == ()


def test_size_counts_where_it_was_measured_both_times() -> None:
    def measured(millimetres: float | None) -> Measurement:
        return Measurement(marks(), "phone", millimetres)

    assert changed(measured(4.0), measured(5.0)) == ()
    assert changed(measured(4.0), measured(6.0)) == (Mark.DIAMETER,)
    assert changed(measured(None), measured(9.0)) == ()


def test_photos_of_different_kinds_are_not_compared() -> None:
    assert changed(Measurement(marks(contrast=10), "phone"), Measurement(marks(contrast=60), "dermatoscope")) == ()


def test_errors_are_never_smaller_than_from_photo_to_photo() -> None:
    assert error(Estimate(0.06, 0.001), Mark.ASYMMETRY, "phone") == 0.020
    assert error(Estimate(0.06, 0.5), Mark.ASYMMETRY, "phone") == 0.5
    assert error(Estimate(0.1, 0.001), Mark.AREA, "phone") == pytest.approx(0.058)

"""The figures of the served models are those of the release's report, for each kind of photo."""

import json
import shutil
from pathlib import Path

import pytest

from inference.domains import DOMAINS, Domain
from inference.registry.file import RegistryFile
from inference.registry.performance import KINDS_REPORT, melanomas_missed, performance_of
from inference.registry.registry import DEFAULT_WEIGHTS

SERVED = RegistryFile.load(DEFAULT_WEIGHTS).served_classifier.title


@pytest.mark.parametrize("domain", DOMAINS)
def test_figures_are_those_of_the_report_for_that_kind_of_photo(domain: Domain) -> None:
    report = json.loads((DEFAULT_WEIGHTS / "kinds-test.json").read_bytes())
    tables = report["tables"]["By set and kind of picture"]
    found = {f"{each.source}, {each.picture}": each for each in performance_of(DEFAULT_WEIGHTS, domain, SERVED)}
    assert found.keys() == {name for name in tables if name.endswith("dermatoscope") == (domain == "dermatoscope")}
    for name, each in found.items():
        assert each.photos == report["counts"]["By set and kind of picture"][name]
        assert each.accuracy is not None and each.suspicious_warned is not None
        figure = each.suspicious_warned
        assert [figure.value, figure.lower, figure.upper] == tables[name]["warning_sensitivity"]
        assert each.accuracy.lower <= each.accuracy.value <= each.accuracy.upper


def test_of_another_classifier_nothing_was_measured() -> None:
    assert performance_of(DEFAULT_WEIGHTS, "phone", "fixcaps 1.0.0") == ()


def test_without_a_registry_or_a_report_nothing_is_said(tmp_path: Path) -> None:
    assert performance_of(tmp_path, "phone", SERVED) == ()
    shutil.copy(DEFAULT_WEIGHTS / "registry.json", tmp_path)
    assert performance_of(tmp_path, "phone", SERVED) == ()


def test_the_worst_set_of_a_domain_counts(tmp_path: Path) -> None:
    rows = {
        "HAM10000, dermatoscope": {"melanoma_warned": [0.9, 0.8, 1.0]},
        "MILK10k, dermatoscope": {"melanoma_warned": [0.95, 0.8, 1.0]},
        "MILK10k, close-up by camera": {"melanoma_warned": [0.86, 0.7, 1.0]},
        "PAD-UFES-20, photo by phone": {"melanoma_warned": [1.0, 1.0, 1.0]},
        "without melanomas, photo by phone": {"accuracy": [1.0, 1.0, 1.0]},
    }
    (tmp_path / KINDS_REPORT).write_text(json.dumps({"tables": {"By set and kind of picture": rows}}))
    assert melanomas_missed(tmp_path) == pytest.approx({"dermatoscope": 0.1, "phone": 0.14})


def test_without_a_report_nothing_is_claimed(tmp_path: Path) -> None:
    assert melanomas_missed(tmp_path) == {}


def test_the_release_says_what_it_misses_in_both_domains() -> None:
    missed = melanomas_missed(DEFAULT_WEIGHTS)
    assert set(missed) == {"dermatoscope", "phone"}
    assert all(0 <= share < 0.5 for share in missed.values())

"""What a report says of the served models is what was measured of them, for that kind of photo."""

import json
import shutil
from pathlib import Path

import pytest

from inference.domains import DOMAINS, Domain
from inference.registry.evidence import evidence
from inference.registry.file import RegistryFile
from inference.registry.registry import DEFAULT_WEIGHTS

SERVED = RegistryFile.load(DEFAULT_WEIGHTS).served_classifier.title


@pytest.mark.parametrize("domain", DOMAINS)
def test_figures_are_those_of_the_report_for_that_kind_of_photo(domain: Domain) -> None:
    report = json.loads((DEFAULT_WEIGHTS / "kinds-test.json").read_bytes())
    tables = report["tables"]["By set and kind of picture"]
    found = {f"{each.source}, {each.picture}": each for each in evidence(DEFAULT_WEIGHTS, domain, SERVED)}
    assert found.keys() == {name for name in tables if name.endswith("dermatoscope") == (domain == "dermatoscope")}
    for name, each in found.items():
        assert each.photos == report["counts"]["By set and kind of picture"][name]
        assert each.accuracy is not None and each.suspicious_warned is not None
        figure = each.suspicious_warned
        assert [figure.share, figure.lower, figure.upper] == tables[name]["warning_sensitivity"]
        assert each.accuracy.lower <= each.accuracy.share <= each.accuracy.upper


def test_of_another_classifier_nothing_was_measured() -> None:
    assert evidence(DEFAULT_WEIGHTS, "phone", "fixcaps 1.0.0") == ()


def test_without_a_registry_or_a_report_nothing_is_said(tmp_path: Path) -> None:
    assert evidence(tmp_path, "phone", SERVED) == ()
    shutil.copy(DEFAULT_WEIGHTS / "registry.json", tmp_path)
    assert evidence(tmp_path, "phone", SERVED) == ()

"""Minimum figures for the released weights of any version."""

import re
from itertools import chain
from pathlib import Path

import pytest

from inference.registry.file import RegistryFile

WEIGHTS = Path(__file__).resolve().parents[1] / "weights"
SETS = ("-milk10k-camera", "-milk10k-dermatoscope", "-pad")
REPORTS = ("report-{}.json", "refusal-{}.json", "robustness-{}.csv", "kinds-{}.json")


@pytest.fixture(scope="module")
def release() -> RegistryFile:
    return RegistryFile.load(WEIGHTS)


def test_a_melanoma_of_12_percent_is_a_warning(release: RegistryFile) -> None:
    for entry in release.classifiers:
        assert max(each.melanoma for each in entry.domains.values()) <= 0.12, entry.key


def test_the_classifier_names_test_photos_well_enough(release: RegistryFile) -> None:
    found = release.served_classifier.metrics["test"]
    assert found["accuracy"][0] >= 0.90
    assert found["balanced_accuracy"][0] >= 0.75


def test_the_segmenter_outlines_test_photos_well_enough(release: RegistryFile) -> None:
    found = release.served_segmenter.metrics["test"]
    assert found["mask_map50"][0] >= 0.95
    assert found["mask_map"][0] >= 0.75


def test_every_file_is_listed(release: RegistryFile) -> None:
    """By the registry; a card; or a report: of a split, and of a set or of a classifier that is not served."""
    entries = (*release.classifiers, *release.segmenters, *release.gates)
    networks = (*release.segmenters, *chain.from_iterable(entry.members for entry in release.classifiers))
    listed = {"registry.json", "questions-val.md", *(each.served.file for each in networks)}
    listed |= {file.file for entry in release.gates for file in (entry.served, entry.backbone)} | {
        f"{entry.key}.md" for entry in entries
    }
    if release.joint is not None:
        listed.add(release.joint.served.file)
    measured = [
        split + of
        for split in ("val", "test")
        for of in ("", *SETS, *(f"-{entry.key}" for entry in release.classifiers))
    ]
    for report in (Path(name.format(what)) for name in REPORTS for what in measured):
        text = WEIGHTS / report.with_suffix(".md")
        if text.is_file():
            pictures = re.findall(r"!\[[^]]*\]\(([^)]+)\)", text.read_text(encoding="utf-8"))
            listed |= {report.name, text.name, *pictures}
    assert {str(path.relative_to(WEIGHTS)) for path in WEIGHTS.rglob("*") if path.is_file()} == listed

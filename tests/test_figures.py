"""One release, one set of figures: weights, report, cards and README agree."""

import json
from pathlib import Path

import pytest

from inference.registry.schema import RegistryFile
from models.evaluation.report import TITLES, text

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
ALONE = "fixcaps-1.7.0"
"""FixCaps by itself, which stays a served model beside the combination."""
RATIO = "(b) median over (a)'s"
CLASS_FIGURES = {"accuracy", "balanced_accuracy", "melanoma_sensitivity", "warning_sensitivity", "ece", "refused"}
OUTLINE_FIGURES = {"mask_map50", "mask_map", "mean_jaccard", "jaccard_below_065"}


@pytest.fixture(scope="module")
def release() -> RegistryFile:
    return RegistryFile.load(ROOT / "weights")


def test_figures_in_the_readme_are_those_of_the_test_reports(release: RegistryFile) -> None:
    shown = README.partition("<!-- figures: begin -->")[2].partition("<!-- figures: end -->")[0]
    names = {title: name for name, title in TITLES.items()}
    rows = [line.strip("| ").split(" | ") for line in shown.splitlines() if line.startswith("| ")]
    found = {names[row[0]]: row[1:] for row in rows if row[0] in names}
    assert found.keys() >= CLASS_FIGURES | OUTLINE_FIGURES
    alone = next(entry for entry in release.classifiers if entry.key == ALONE)
    classifiers = release.served_classifier.metrics["test"], alone.metrics["test"]
    outline = release.served_segmenter.metrics["test"]
    assert found == {
        name: [text(outline[name])] if name in outline else [text(metrics[name]) for metrics in classifiers]
        for name in found
    }
    assert all(f"`{key}`" in shown for key in (release.classifier, ALONE, release.segmenter))


@pytest.mark.parametrize("classifier", [None, ALONE])
def test_report_registry_and_cards_speak_of_the_same_models(release: RegistryFile, classifier: str | None) -> None:
    name = f"report-test-{classifier}.json" if classifier else "report-test.json"
    report = json.loads((ROOT / "weights" / name).read_text(encoding="utf-8"))
    chosen = next(entry for entry in release.classifiers if entry.key == (classifier or release.classifier))
    for role, entry in (("classifier", chosen), ("segmenter", release.served_segmenter)):
        assert report["models"][role] == f"{entry.name} {entry.version}"
        assert entry.metrics["test"] == {
            name: tuple(value) for name, value in report[role].items() if None not in value
        }
        written = (ROOT / "weights" / name).with_suffix(".md").read_text(encoding="utf-8")
        card = (ROOT / "weights" / f"{entry.key}.md").read_text(encoding="utf-8")
        values = {TITLES[figure]: text(value) for figure, value in entry.metrics["test"].items() if figure in TITLES}
        assert values and all(f"| {title} | {value} |" in written for title, value in values.items())
        assert all(value in card for value in values.values())


@pytest.mark.parametrize("split", ["val", "test"])
def test_registry_and_card_say_of_the_gate_what_was_measured(release: RegistryFile, split: str) -> None:
    report = json.loads((ROOT / "weights" / f"refusal-{split}.json").read_text(encoding="utf-8"))
    gate = release.served_gate
    assert gate.metrics[split] == {name: tuple(report[name]) for name in ("lesions_refused", "everyday_refused")}
    card = (ROOT / "weights" / f"{gate.key}.md").read_text(encoding="utf-8")
    assert all(text(value) in card for value in gate.metrics[split].values())
    assert gate.served.sha256 in card and gate.data in card


def rows(document: str, part: str) -> dict[str, str]:
    """The first two columns of the tables between a document's markers, or of all of it."""
    text = (ROOT / "docs" / document).read_text(encoding="utf-8")
    if part:
        text = text.partition(f"<!-- {part}: begin -->")[2].partition(f"<!-- {part}: end -->")[0]
    cells = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    return {cell[0]: cell[1] for cell in cells}


def test_the_benchmark_is_of_what_is_served_and_the_readme_says_what_it_found(release: RegistryFile) -> None:
    members = release.served_classifier.members
    served = [release.served_segmenter.served, *(member.served for member in members)]
    found = rows("benchmark.md", "")
    assert {file.file for file in served} <= found.keys()
    told = README.partition("## How fast it is")[2].partition("\n## ")[0].replace("\n", " ")
    assert f"{found['(c) photos a second over (a)']} times the plain way" in told
    assert f"({found[RATIO]} of it)" in told
    assert f"95th percentile {found['(b) 95th percentile over its median']} times the median" in told
    assert f"{found['(b) share of time in outline and class'].replace('%', ' %')} of the time" in told
    assert f"{found['cold start to first answer']} to the first answer" in told


def test_the_readme_says_what_the_last_measurements_under_load_found() -> None:
    burst, soak = rows("load.md", "burst"), rows("load.md", "soak")
    told = README.partition("## Under load")[2].partition("\n## ")[0].replace("\n", " ")
    for command in ("/help", "/history"):
        [taken] = [value for title, value in burst.items() if title.startswith(f"{command}, ")]
        assert f"`{command}` {taken.split(' / ')[1]} ms" in told
    assert f"{float(burst['throughput'].split()[0]):.1f} photos a second" in told
    assert burst["lost / doubled answers"] == soak["lost / doubled answers"] == "0 / 0"
    photos = int(soak["photos sent, in messages"].split()[0])
    assert f"{photos:,} photos" in told
    assert soak["verdict"].startswith("nothing lost, nothing doubled, no growth")

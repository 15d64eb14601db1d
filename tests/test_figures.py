"""One release, one set of figures: weights, reports, cards and documents agree."""

import json
import re
import shutil
from pathlib import Path

import pytest

from benchmarks.figures import TABLES, stale, write
from benchmarks.markers import part, replaced, rows
from inference.registry.file import RegistryFile
from models.evaluation.report import TITLES, text

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def release() -> RegistryFile:
    return RegistryFile.load(ROOT / "weights")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The documents with figures and what these are made from, to be changed by a test."""
    for name in ("weights", "docs"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("*.onnx", "*.safetensors", "*.png"))
    shutil.copy(ROOT / "README.md", tmp_path)
    return tmp_path


def test_no_figure_of_the_documents_is_stale() -> None:
    assert stale(ROOT) == [], "run `make figures`"


def test_no_interval_of_the_documents_is_empty() -> None:
    """Of nine melanomas all may be warned of, and still the next one may not."""
    for name, tables in TABLES.items():
        for table in tables:
            assert not re.search(r"(\d\.\d{3}) \[\1, \1\]", part((ROOT / name).read_text(encoding="utf-8"), table))


def test_every_table_made_from_a_report_is_stale_once_the_report_changes(checkout: Path) -> None:
    path = checkout / "weights" / "report-test.json"
    report = json.loads(path.read_text(encoding="utf-8"))
    report["classifier"]["accuracy"] = [0.5, 0.4, 0.6]
    path.write_text(json.dumps(report), encoding="utf-8")
    assert stale(checkout) == ["docs/results.md: classes"]
    assert write(checkout) == ["docs/results.md: classes"]
    assert stale(checkout) == []
    assert "| Accuracy | 0.500 [0.400, 0.600] |" in (checkout / "docs" / "results.md").read_text(encoding="utf-8")


def test_the_text_around_the_figures_stays_as_a_hand_wrote_it(checkout: Path) -> None:
    before = {name: (checkout / name).read_text(encoding="utf-8") for name in TABLES}
    for name, tables in TABLES.items():
        page = before[name]
        for table in tables:
            page = replaced(page, table, "old")
        (checkout / name).write_text(page, encoding="utf-8")
    write(checkout)
    assert {name: (checkout / name).read_text(encoding="utf-8") for name in TABLES} == before


def test_a_document_without_its_markers_is_an_error() -> None:
    with pytest.raises(ValueError, match="no markers <!-- speed: begin -->"):
        replaced("# Speed\n", "speed", "new")


def test_report_registry_and_cards_speak_of_the_same_models(release: RegistryFile) -> None:
    name = "report-test.json"
    report = json.loads((ROOT / "weights" / name).read_text(encoding="utf-8"))
    for role, entry in (("classifier", release.served_classifier), ("segmenter", release.served_segmenter)):
        assert report["models"][role] == f"{entry.name} {entry.version}"
        assert entry.metrics["test"] == {
            name: tuple(value) for name, value in report[role].items() if None not in value
        }
        written = (ROOT / "weights" / name).with_suffix(".md").read_text(encoding="utf-8")
        card = (ROOT / "weights" / f"{entry.key}.md").read_text(encoding="utf-8")
        values = {TITLES[figure]: text(value) for figure, value in entry.metrics["test"].items() if figure in TITLES}
        assert values and all(f"| {title} | {value} |" in written for title, value in values.items())
        assert all(value in card for value in values.values())


def test_registry_and_card_say_of_the_gate_what_was_measured(release: RegistryFile) -> None:
    split = "test"
    report = json.loads((ROOT / "weights" / f"refusal-{split}.json").read_text(encoding="utf-8"))
    gate = release.served_gate
    assert gate.metrics[split] == {name: tuple(report[name]) for name in ("lesions_refused", "everyday_refused")}
    card = (ROOT / "weights" / f"{gate.key}.md").read_text(encoding="utf-8")
    assert all(text(value) in card for value in gate.metrics[split].values())
    assert gate.served.sha256 in card and gate.data in card


@pytest.mark.parametrize("measured", ["burst", "soak"])
def test_no_answer_was_lost_or_doubled_under_load(measured: str) -> None:
    assert rows(page("load.md"), measured)["lost / doubled answers"] == "0 / 0"


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")

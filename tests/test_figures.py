"""One release, one set of figures: weights, report, cards and README agree."""

import json
from pathlib import Path

from models.release import load_release
from models.report import TITLES, text

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_figures_in_the_readme_are_those_of_the_test_report() -> None:
    release = load_release(ROOT / "weights" / "registry.json")
    shown = README.partition("<!-- figures: begin -->")[2].partition("<!-- figures: end -->")[0]
    rows = dict(line.strip("| ").split(" | ") for line in shown.splitlines() if line.startswith("| "))
    measured = {**release.served_classifier.metrics["test"], **release.served_segmenter.metrics["test"]}
    titles = {title: name for name, title in TITLES.items()}
    assert {
        "accuracy",
        "balanced_accuracy",
        "melanoma_sensitivity",
        "ece",
        "mask_map50",
        "mask_map",
        "mean_jaccard",
    } <= {titles[title] for title in rows if title in titles}
    assert {title: value for title, value in rows.items() if title in titles} == {
        title: text(measured[titles[title]]) for title in rows if title in titles
    }


def test_report_registry_and_readme_speak_of_the_same_models() -> None:
    release = load_release(ROOT / "weights" / "registry.json")
    report = json.loads((ROOT / "weights" / "report-test.json").read_text(encoding="utf-8"))
    for role, entry in (("classifier", release.served_classifier), ("segmenter", release.served_segmenter)):
        assert report["models"][role] == f"{entry.name} {entry.version}"
        assert entry.metrics["test"] == {
            name: tuple(value) for name, value in report[role].items() if None not in value
        }
        assert (ROOT / "weights" / f"{entry.key}.md").is_file()

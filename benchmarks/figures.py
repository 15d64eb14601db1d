"""`python -m benchmarks.figures`: write the figures of the reports into README.md and docs/results.md.

Each table lies between two markers. The text around them is written by hand and stays as it is.
"""

import csv
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.markers import part, replaced, rows
from models.evaluation.report import TITLES, text

ROOT = Path(__file__).resolve().parents[1]
CLASS = (
    *("accuracy", "balanced_accuracy", "macro_f1", "melanoma_sensitivity", "melanoma_specificity"),
    *("melanoma_roc_auc", "melanoma_at_specificity", "melanoma_warned", "warning_sensitivity"),
    *("warning_specificity", "roc_auc", "ece", "refused"),
)
OUTLINE = ("mask_map50", "mask_map", "box_map50", "box_map", "mean_jaccard", "jaccard_below_065")

Table = Callable[[Path], list[str]]


def main() -> int:
    """Bring every table up to date and name those that were not."""
    for name in write(ROOT):
        print(f"written anew: {name}")
    return 0


def write(root: Path) -> list[str]:
    """Write all tables of a checkout; returns those that were stale, as in `README.md: headline`."""
    found = stale(root)
    for document, tables in TABLES.items():
        path = root / document
        page = path.read_text(encoding="utf-8")
        for name, table in tables.items():
            page = replaced(page, name, "\n".join(table(root)))
        path.write_text(page, encoding="utf-8")
    return found


def stale(root: Path) -> list[str]:
    """The tables of a checkout that differ from its reports."""
    return [
        f"{document}: {name}"
        for document, tables in TABLES.items()
        for name, table in tables.items()
        if part((root / document).read_text(encoding="utf-8"), name) != "\n".join(table(root))
    ]


def headline(root: Path) -> list[str]:
    """Six figures of the served pipeline, each with its limit."""
    report, refusal = _json(root / "weights" / "report-test.json"), _json(root / "weights" / "refusal-test.json")
    speed = rows((root / "docs" / "benchmark.md").read_text(encoding="utf-8"), "speed")
    found, outline, photos = report["classifier"], report["segmenter"], sum(report["confusion"]["mel"].values())
    missed = round((1 - found["melanoma_warned"][0]) * photos)
    one_at_a_time = speed["(b) ours, one at a time"].split()[0]
    figures = [
        (
            "Accuracy",
            text(found["accuracy"]),
            f"Most photos are nevi. Balanced accuracy is {text(found['balanced_accuracy'])}.",
        ),
        (
            "Melanomas that raise the warning",
            text(found["melanoma_warned"]),
            f"There are {photos} melanomas; {missed} raise none. "
            f"{_share(found['melanoma_sensitivity'])} are named as melanoma.",
        ),
        (
            "Specificity of the warning",
            text(found["warning_specificity"]),
            f"{_share([1 - found['warning_specificity'][0]])} of the harmless lesions raise a false alarm.",
        ),
        (
            "Mean Jaccard of the outline",
            text(outline["mean_jaccard"]),
            f"{_share(outline['jaccard_below_065'])} of the outlines are below 0.65.",
        ),
        (
            "Everyday pictures refused",
            text(refusal["everyday_refused"]),
            f"{_share(refusal['lesions_refused'])} of the lesions are refused too.",
        ),
        (
            "Time for one photo",
            f"{one_at_a_time} ms",
            f"Two cores. The 95th percentile is {speed['(b) 95th percentile over its median']} times the median.",
        ),
    ]
    return ["| figure | value | limit |", "|---|---|---|", *(_row(*each) for each in figures)]


def classes(root: Path) -> list[str]:
    """The figures of the class, of the served classifier and of FixCaps alone."""
    served = _json(root / "weights" / "report-test.json")
    [path] = (root / "weights").glob("report-test-*.json")
    alone = _json(path)
    names = ", ".join(f"{role} `{name.replace(' ', '-')}`" for role, name in served["models"].items())
    return [
        f"Served: {names}.",
        f"FixCaps alone: `{alone['models']['classifier'].replace(' ', '-')}`, which the setting `CLASSIFIER` selects.",
        "",
        "| figure, `test` | served | FixCaps alone |",
        "|---|---|---|",
        *(_row(TITLES[each], *(text(report["classifier"][each]) for report in (served, alone))) for each in CLASS),
    ]


def outlines(root: Path) -> list[str]:
    """The figures of the outline."""
    found = _json(root / "weights" / "report-test.json")["segmenter"]
    return ["| figure, `test` | outline |", "|---|---|", *(_row(TITLES[each], text(found[each])) for each in OUTLINE)]


def refusals(root: Path, split: str) -> list[str]:
    """What is refused, by kind of picture."""
    found = _json(root / "weights" / f"refusal-{split}.json")
    kinds = {**found["everyday"], f"lesions of `{split}`": found["lesions"], "photos by phone": found["phone"]}
    return [
        f"Everyday pictures refused: {text(found['everyday_refused'])}. "
        f"Lesions refused: {text(found['lesions_refused'])}.",
        "",
        "| kind | pictures | refused |",
        "|---|---|---|",
        *(_row(kind, str(each["photos"]), str(each["photos"] - each.get("", 0))) for kind, each in kinds.items()),
    ]


def corruptions(root: Path, split: str) -> list[str]:
    """Accuracy, balanced accuracy, flips and refusals for each corruption."""
    with (root / "weights" / f"robustness-{split}.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    return [
        "| photo | accuracy | balanced accuracy | other class | refused |",
        "|---|---|---|---|---|",
        *(
            _row(
                f"{line['kind']} {line['level']}".strip(),
                f"{float(line['accuracy']):.3f}",
                f"{float(line['balanced_accuracy']):.3f}",
                *(f"{float(line[each]):.1%}".replace("%", " %") for each in ("flips", "refused")),
            )
            for line in lines
        ),
    ]


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _share(value: list[float]) -> str:
    return f"{value[0] * 100:.1f} %"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


TABLES: dict[str, dict[str, Table]] = {
    "README.md": {"headline": headline},
    "docs/results.md": {
        "classes": classes,
        "outlines": outlines,
        "refusals": partial(refusals, split="test"),
        "corruptions": partial(corruptions, split="test"),
    },
}
"""Document -> name of its markers -> what stands between them."""


if __name__ == "__main__":
    raise SystemExit(main())

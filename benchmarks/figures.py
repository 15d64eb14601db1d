"""`python -m benchmarks.figures`: write the figures of the reports into README.md and docs/results.md.

Each table is between two markers. The text around them is written by hand and stays unchanged.
"""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.markers import part, replaced
from models.evaluation.report import TITLES, text

ROOT = Path(__file__).resolve().parents[1]
CLASS = (
    *("accuracy", "balanced_accuracy", "macro_f1", "melanoma_sensitivity", "melanoma_specificity"),
    *("melanoma_roc_auc", "melanoma_at_specificity", "melanoma_warned", "warning_sensitivity"),
    *("warning_specificity", "roc_auc", "ece", "refused"),
)
OUTLINE = ("mask_map50", "mask_map", "box_map50", "box_map", "mean_jaccard", "jaccard_below_065")

BY_KIND = "By set and kind of picture"
KIND_TITLES = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "melanoma_warned": "melanomas warned of",
    "warning_sensitivity": "cancer and pre-cancer warned of",
    "benign_warned": "harmless ones warned of",
    "ece": "calibration error",
    "refused": "refused",
    "domain_right": "kind recognised",
}

Table = Callable[[Path], list[str]]


def main() -> int:
    """Update every table, and print the names of those that were stale."""
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
    """The figures of the served pipeline that matter most to a person, by kind of picture."""
    found = _json(root / "weights" / "kinds-test.json")["tables"][BY_KIND]
    everyday = _json(root / "weights" / "refusal-test.json")["everyday_refused"]
    columns = ("melanoma_warned", "warning_sensitivity", "benign_warned", "balanced_accuracy", "refused")
    return [
        _row("pictures", *(KIND_TITLES[each] for each in columns)),
        f"|{'---|' * (len(columns) + 1)}",
        *(_row(kind, *(text(figures[each]) for each in columns)) for kind, figures in found.items()),
        "",
        f"Everyday pictures refused: {text(everyday)}.",
    ]


def kinds(root: Path) -> list[str]:
    """The figures of the served pipeline for each set and kind of picture."""
    report = _json(root / "weights" / "kinds-test.json")
    names = list(KIND_TITLES)
    return [
        _row("pictures", "number", *KIND_TITLES.values()),
        f"|{'---|' * (len(names) + 2)}",
        *(
            _row(kind, str(report["counts"][BY_KIND][kind]), *(text(figures[each]) for each in names))
            for kind, figures in report["tables"][BY_KIND].items()
        ),
    ]


def classes(root: Path) -> list[str]:
    """The figures of classification on HAM10000."""
    served = _json(root / "weights" / "report-test.json")
    names = ", ".join(f"{role} `{name.replace(' ', '-')}`" for role, name in served["models"].items())
    return [
        f"Served: {names}.",
        "",
        "| figure, `test` | served |",
        "|---|---|",
        *(_row(TITLES[each], text(served["classifier"][each])) for each in CLASS),
    ]


def outlines(root: Path) -> list[str]:
    """The figures of segmentation."""
    found = _json(root / "weights" / "report-test.json")["segmenter"]
    return ["| figure, `test` | outline |", "|---|---|", *(_row(TITLES[each], text(found[each])) for each in OUTLINE)]


def refusals(root: Path, split: str) -> list[str]:
    """The shares of refused pictures, by kind of picture."""
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


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


TABLES: dict[str, dict[str, Table]] = {
    "README.md": {"headline": headline},
    "docs/results.md": {
        "kinds": kinds,
        "classes": classes,
        "outlines": outlines,
        "refusals": partial(refusals, split="test"),
    },
}
"""Document -> name of its markers -> function that writes the text between them."""


if __name__ == "__main__":
    raise SystemExit(main())

"""What the release's report says of its own misses, so that an answer can say it too."""

import json
from pathlib import Path
from typing import Final

from inference.domains import Domain

REPORT: Final = "kinds-test.json"
"""The report by set and kind of picture, beside the registry; see `models.evaluation.kinds`."""
_TABLE: Final = "By set and kind of picture"


def melanomas_missed(weights: Path) -> dict[Domain, float]:
    """Share of the melanomas in photos of each domain that raised no warning on `test`, 0..1.

    Where several sets were measured, the worst one counts. Empty where no report lies in the folder.
    """
    path = weights / REPORT
    if not path.is_file():
        return {}
    missed: dict[Domain, float] = {}
    for row, figures in json.loads(path.read_bytes())["tables"][_TABLE].items():
        domain: Domain = "dermatoscope" if row.endswith("dermatoscope") else "phone"
        if "melanoma_warned" in figures:
            missed[domain] = max(missed.get(domain, 0.0), 1 - figures["melanoma_warned"][0])
    return missed

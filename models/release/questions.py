"""Writes as Markdown how much each question adds to the photo."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from inference.classes import CLASSES
from models.data.pictures import Photos, load_photos
from models.evaluation.kinds import Row
from models.release.answers import worth

_INTRO: Final = """\
# What each question is worth: `val`

{count} photos by phone of PAD-UFES-20 that the served pipeline gave a class, with the answers that their set has. What
answers say was learnt on `train` without photos. How they join the photo is fitted on `val`, for each photo on other
patients. Balanced accuracy and loss (mean negative log-likelihood) are of the set's six diagnoses. The area under the
ROC curve is of malignant and pre-malignant lesions against the others.

| what counts | balanced accuracy | loss | area |
|---|---|---|---|
"""


def write_worth(roots: Sequence[Path], rows: Sequence[Row], path: Path) -> None:
    """Write the worth of each question; nothing if no photo has answers.

    Args:
        roots: folders of the sets.
        rows: what the served pipeline answered on ``val``.
        path: of the Markdown file.
    """
    asked = [row for row in rows if row.photo.dataset == "pad" and row.analysis.probabilities]
    if not asked:
        return
    train = load_photos(roots, "train").where(lambda photo: photo.dataset == "pad")
    probabilities = np.array([[row.analysis.probabilities[name] for name in CLASSES] for row in asked])
    lines = [
        f"| {each.what} | {each.balanced_accuracy:.3f} | {each.loss:.3f} | {each.suspicious_auc:.3f} |\n"
        for each in worth(train, Photos(tuple(row.photo for row in asked)), probabilities)
    ]
    path.write_text(_INTRO.format(count=len(asked)) + "".join(lines), encoding="utf-8")

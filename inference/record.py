"""An `Analysis` as JSON: for `--json` and for the web service."""

from typing import Any

from inference.analysis import Analysis, Lesion


def record(analysis: Analysis) -> dict[str, Any]:
    """A JSON object with the fields of `Analysis`. Boxes (pixels) and timings (ms) are rounded to 1/100."""
    return {
        "label": analysis.label,
        "probabilities": dict(analysis.probabilities),
        "box": _box(analysis.lesion) if analysis.lesion else None,
        "more_lesions": [_box(lesion) for lesion in analysis.more_lesions],
        "refusal": analysis.refusal,
        "risk": analysis.risk,
        "domain": analysis.domain,
        "models": dict(analysis.models),
        "timings": {step: round(milliseconds, 2) for step, milliseconds in analysis.timings.items()},
    }


def _box(lesion: Lesion) -> list[float]:
    return [round(edge, 2) for edge in lesion.box]

"""An `Analysis` as JSON: for `--json` and for the web service."""

from typing import Any

from inference.analysis import Analysis


def record(analysis: Analysis) -> dict[str, Any]:
    """A JSON object with the fields of `Analysis`. The box (pixels) and the timings (ms) are rounded to 1/100."""
    return {
        "label": analysis.label,
        "probabilities": dict(analysis.probabilities),
        "box": [round(edge, 2) for edge in analysis.lesion.box] if analysis.lesion else None,
        "refusal": analysis.refusal,
        "risk": analysis.risk,
        "domain": analysis.domain,
        "models": dict(analysis.models),
        "timings": {step: round(milliseconds, 2) for step, milliseconds in analysis.timings.items()},
    }

"""An `Analysis` as programs get it: what `--json` prints of a photo, and what the web service answers."""

from typing import Any

from inference.analysis import Analysis


def record(analysis: Analysis) -> dict[str, Any]:
    """A JSON object: see `Analysis`; the box in pixels to 1/100, timings in milliseconds to 1/100."""
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

"""How urgent an answer is: judged by all suspicious classes together, not by the winning class."""

from collections.abc import Mapping
from typing import Final

from inference.analysis import Risk
from inference.classes import BENIGN, SUSPICIOUS
from inference.registry.schema import DomainEntry

SYMPTOMS: Final = ("bleed", "grew", "changed", "itch", "hurt")
"""Questions of which any yes makes the risk at least raised, whatever the picture shows."""


def risk_of(probabilities: Mapping[str, float], limits: DomainEntry) -> Risk:
    """Judge a photo. Where suspicious classes gain and benign ones lose, the risk never falls.

    `HIGH` where the suspicious classes together are likelier than any benign one, so always where melanoma is named;
    `RAISED` from either of the domain's thresholds on, which are set for sensitivity.
    """
    group = sum(probabilities[name] for name in SUSPICIOUS)
    if group > max(probabilities[name] for name in BENIGN):
        return Risk.HIGH
    if group >= limits.suspicious or probabilities["mel"] >= limits.melanoma:
        return Risk.RAISED
    return Risk.LOW

"""How urgent an answer is. All suspicious classes together decide, not the most likely class."""

from collections.abc import Mapping
from typing import Final

from inference.analysis import Risk
from inference.classes import BENIGN, SUSPICIOUS
from inference.registry.schema import DomainEntry

SYMPTOMS: Final = ("bleed", "grew", "changed", "itch", "hurt")
"""A yes to any of these questions makes the risk at least raised, whatever the photo shows."""


def risk_of(probabilities: Mapping[str, float], limits: DomainEntry) -> Risk:
    """The risk of a photo. It never falls when suspicious classes gain and benign ones lose.

    It is `HIGH` if the suspicious classes together are likelier than any benign class; this is always so if melanoma is
    named. It is `RAISED` if either of the domain's thresholds is reached. They are chosen for sensitivity.
    """
    group = sum(probabilities[name] for name in SUSPICIOUS)
    if group > max(probabilities[name] for name in BENIGN):
        return Risk.HIGH
    if group >= limits.suspicious or probabilities["mel"] >= limits.melanoma:
        return Risk.RAISED
    return Risk.LOW

"""The seven classes of HAM10000 and the groups a reply speaks of.

Source of the classes: Tschandl, Rosendahl, Kittler, "The HAM10000 dataset", Scientific Data 5:180161, 2018.
"""

from __future__ import annotations

from typing import Final

CLASSES: Final = ("akiec", "bcc", "bkl", "df", "mel", "nv", "vasc")
"""Class codes in the order of every probability vector in the project (alphabetical)."""

MALIGNANT: Final = ("mel", "bcc")
PREMALIGNANT: Final = ("akiec",)
SUSPICIOUS: Final = MALIGNANT + PREMALIGNANT
"""Classes whose probability alone, at a threshold chosen for sensitivity, raises a warning."""

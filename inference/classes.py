"""The eight classes, and the groups of classes that an answer names.

Seven are those of HAM10000 (Tschandl, Rosendahl, Kittler, "The HAM10000 dataset", Scientific Data 5:180161, 2018);
squamous cell carcinoma, with keratoacanthoma, comes from the other sets.
"""

from __future__ import annotations

from typing import Final

CLASSES: Final = ("akiec", "bcc", "bkl", "df", "mel", "nv", "scc", "vasc")
"""Class codes in the order of every probability vector in the project (alphabetical)."""

MALIGNANT: Final = ("mel", "bcc", "scc")
PREMALIGNANT: Final = ("akiec",)
SUSPICIOUS: Final = MALIGNANT + PREMALIGNANT
"""Malignant and pre-malignant classes. If their probability reaches a threshold, there is a warning. The threshold is
chosen for sensitivity."""

BENIGN: Final = tuple(name for name in CLASSES if name not in SUSPICIOUS)

ABSENT_AT_FIRST: Final = {"scc": ("akiec", "bcc")}
"""Classes that networks of earlier releases lack -> the classes whose mean they begin with.

See ``models.networks.widen``.
"""

"""Inputs and outputs of the ONNX files: the contract between ``models.release.onnx`` and ``inference``.

All take ``SQUARES`` (uint8 RGB). For a classifier's network these are B x S x S x 3, cut by
``inference.pipeline.crops``. For the segmenter they are B x H x W x 3, photos shrunk into a frame by
``inference.pipeline.masks``.

The segmenter returns the ``MOST_LESIONS`` best lesions of each photo that hardly overlap, best first:

* ``DETECTIONS``, B x 3 x 5: x1 y1 x2 y2 in pixels of the frame, and the score in [0, 1];
* ``LOGITS``, B x 3 x H/4 x W/4: positive inside its outline.

A classifier's network also takes ``EXPLAIN``, one bool, and returns

* ``LOG_ODDS``, B x 8;
* ``FEATURES``, B x D, only from an EfficientNet: the averages of its stages, for the gate;
* ``ATTRIBUTION``, B x 8 x G x G: how much each cell supported each class. It costs milliseconds, so it is computed only
  if ``EXPLAIN`` is true; otherwise it is 0 x 8 x 1 x 1.
"""

from __future__ import annotations

from typing import Final

SQUARES: Final = "squares"
EXPLAIN: Final = "explain"

DETECTIONS: Final = "detections"
LOGITS: Final = "logits"
MOST_LESIONS: Final = 3

LOG_ODDS: Final = "log_odds"
FEATURES: Final = "features"
ATTRIBUTION: Final = "evidence"  # the name in the released files

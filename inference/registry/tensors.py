"""What the ONNX files that serving runs take and give: the contract of ``models.release.onnx`` and ``inference``.

All take ``SQUARES``: a classifier's network B x S x S x 3 uint8 RGB, the squares of ``inference.pipeline.crops``; the
segmenter B x H x W x 3, photos shrunk into a frame (``inference.pipeline.masks``).

The segmenter gives of each photo the best lesion alone:

* ``DETECTIONS``, B x 5: x1 y1 x2 y2 in pixels of the frame, and the score in [0, 1];
* ``LOGITS``, B x H/4 x W/4: positive inside its outline.

A classifier's network also takes ``EXPLAIN``, one bool, and gives

* ``LOG_ODDS``, B x 8;
* ``FEATURES``, B x D, an EfficientNet alone: the averages of its stages, by which the gate judges;
* ``ATTRIBUTION``, B x 8 x G x G: how much each cell spoke for each class. It costs milliseconds, so it is
  computed where ``EXPLAIN`` is true, and is 0 x 8 x 1 x 1 elsewhere.
"""

from __future__ import annotations

from typing import Final

SQUARES: Final = "squares"
EXPLAIN: Final = "explain"

DETECTIONS: Final = "detections"
LOGITS: Final = "logits"

LOG_ODDS: Final = "log_odds"
FEATURES: Final = "features"
ATTRIBUTION: Final = "evidence"  # the name in the released files

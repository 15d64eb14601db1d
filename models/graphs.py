"""What the ONNX files that serving runs take and give: the contract of ``models.onnx_file`` and ``inference``.

All take ``SQUARES``, B x S x S x 3 uint8 RGB: the gate squeezed photos (``models.gate``), a classifier's network the
squares of ``models.views``; the segmenter alone takes B x H x W x 3 there, photos fitted into a frame
(``models.outlines``).

The gate gives ``SCORES``, B x 3: log-probabilities of ``models.gate.KINDS``.

The segmenter gives of each photo the best lesion alone:

* ``DETECTIONS``, B x 5: x1 y1 x2 y2 in pixels of the frame, and the score in [0, 1];
* ``LOGITS``, B x H/4 x W/4: positive inside its outline.

A classifier's network also takes ``EXPLAIN``, one bool, and gives

* ``LOG_ODDS``, B x 7;
* ``EVIDENCE``, B x 7 x G x G, see ``models.zoo.Classifier.evidence``. It costs milliseconds, so it is computed where
  ``EXPLAIN`` is true, and is 0 x 7 x 1 x 1 elsewhere.
"""

from __future__ import annotations

from typing import Final

SQUARES: Final = "squares"
EXPLAIN: Final = "explain"

SCORES: Final = "scores"

DETECTIONS: Final = "detections"
LOGITS: Final = "logits"

LOG_ODDS: Final = "log_odds"
EVIDENCE: Final = "evidence"

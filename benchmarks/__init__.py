"""Measures how fast serving is, beside the plain way and the lower bound of the arithmetic, and checks its answers."""

import inference  # noqa: F401  # keeps ultralytics and onnxruntime quiet, and must do so before they are loaded

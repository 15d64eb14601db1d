"""Measures the speed of serving against the plain way and the arithmetic's lower bound, and checks its answers."""

import inference  # noqa: F401  # keeps ultralytics and onnxruntime quiet, and must do so before they are loaded

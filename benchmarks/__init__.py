"""How fast serving is, beside the plain way and the floor that the arithmetic sets, and that it costs no answers."""

import inference  # noqa: F401  # keeps ultralytics and onnxruntime quiet, and must do so before they are loaded

"""Networks, data, training, evaluation and releases. Imports only `inference`, neither the bot nor its storage."""

import inference  # noqa: F401  # keeps ultralytics and onnxruntime quiet, and must do so before they are loaded

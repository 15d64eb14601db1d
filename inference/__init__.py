"""Bytes of a photo to an `Analysis`. Knows models and weights; knows no Telegram and no database."""

import models  # noqa: F401  # keeps onnxruntime from reporting, and must do so before it is loaded

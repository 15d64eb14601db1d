"""Bytes of a photo to an `Analysis`. Imports nothing else of this project: no training, no Telegram, no database."""

# Here, because it must run before anything imports onnxruntime, and import sorting moves it down elsewhere.
import inference.quiet_env  # noqa: F401

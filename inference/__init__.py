"""Turns the bytes of a photo into an `Analysis`. Imports nothing else of this project."""

# Here, because it must run before anything imports onnxruntime, and import sorting moves it down elsewhere.
import inference.quiet_env  # noqa: F401

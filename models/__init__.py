"""Networks, data, training, evaluation and export. Knows neither the bot nor its storage."""

# Here, because it must run before anything imports ultralytics or onnxruntime, and import sorting moves it down
# elsewhere.
import models.quiet_env  # noqa: F401

"""Import this before ultralytics and onnxruntime. It keeps both quiet, offline and out of the home directory.

Ultralytics reads its settings at import and writes a file into the user's configuration folder. It may report analytics
and install packages. ONNX Runtime stores a device id and events there and reports them to its maker. A bot that
analyses photos of people's skin must do none of that.
"""

from __future__ import annotations

import os
import tempfile

os.environ["ORT_DISABLE_TELEMETRY"] = "1"
os.environ["YOLO_OFFLINE"] = "true"
os.environ["YOLO_AUTOINSTALL"] = "false"
os.environ["YOLO_VERBOSE"] = "false"
os.environ.setdefault("YOLO_CONFIG_DIR", os.path.join(tempfile.gettempdir(), f"lesion-bot-ultralytics-{os.getuid()}"))
os.makedirs(os.environ["YOLO_CONFIG_DIR"], exist_ok=True)

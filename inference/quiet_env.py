"""Import this before ultralytics and onnxruntime: it keeps both quiet, offline and out of the home directory.

Ultralytics reads its settings at import, writes a settings file into the user's configuration folder, may report
analytics and may install packages. ONNX Runtime keeps a device id and a store of events there, which it reports to its
maker. A bot that reads photographs of people's skin does none of that.
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

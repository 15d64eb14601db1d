"""Import this before ultralytics: it keeps the library quiet, offline and out of the home directory.

Ultralytics reads its settings at import, writes a settings file into the user's configuration folder, may report
analytics and may install packages. A bot that reads photographs of people's skin does none of that.
"""

from __future__ import annotations

import os
import tempfile

os.environ["YOLO_OFFLINE"] = "true"
os.environ["YOLO_AUTOINSTALL"] = "false"
os.environ["YOLO_VERBOSE"] = "false"
os.environ.setdefault("YOLO_CONFIG_DIR", os.path.join(tempfile.gettempdir(), f"lesion-bot-ultralytics-{os.getuid()}"))
os.makedirs(os.environ["YOLO_CONFIG_DIR"], exist_ok=True)

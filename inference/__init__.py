"""Bytes of a photo to an `Analysis`. Knows models and weights; knows no Telegram and no database."""

import os

import models  # noqa: F401  # keeps onnxruntime from reporting, and must do so before it is loaded

# Before torch is loaded: by default its threads wait for each other by spinning. Beside another busy process, the
# thread that is waited for may not be running at all; one photo then took 2.6 s instead of 34 ms on two cores.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

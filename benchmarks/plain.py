"""The plain way of today: FixCaps as published in eager torch, then ``YOLO(...).predict`` and its plot.

FixCaps has random weights, because its cost does not depend on them. The segmenter has our weights, because the cost of
the plot depends on finding a lesion. FixCaps' large kernel is torch's own convolution, not our folded one.
"""

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from time import perf_counter
from typing import Any, Final, cast

# isort: off
import models.networks.torchvision_env  # noqa: F401  # before ultralytics warms up, which imports torchvision

# isort: on
import cv2
import numpy as np
import torch
from PIL import Image
from torch import nn
from ultralytics.models import YOLO

from inference.registry.file import RegistryFile
from models.networks.fixcaps import CHANNELS
from models.networks.fixcaps_published import PublishedFixCaps
from models.networks.segmenter import load_segmenter

SIDE: Final = 299
KERNEL: Final = 31
YOLO_SIDE: Final = 640
STEPS: Final = ("decode", "classify", "segment", "draw", "encode")


class Plain:
    """Analyses one photo after another."""

    def __init__(self, weights: Path) -> None:
        torch.manual_seed(0)
        fixcaps = PublishedFixCaps(SIDE, KERNEL)
        fixcaps.stem = cast(Any, nn.Conv2d(3, CHANNELS, KERNEL, stride=2))
        self.fixcaps = fixcaps.eval()
        entry = RegistryFile.load(weights).served_segmenter
        self._yolo = YOLO(f"{entry.network}.yaml", task="segment")
        network: Any = load_segmenter(weights / entry.served.file, entry.network)
        self.segmenter = network
        network.task = "segment"
        self._yolo.model = network

    def read(self, data: bytes) -> Mapping[str, float]:
        """Step of `STEPS` -> milliseconds, for one photo from its bytes to an annotated JPEG."""
        marks = [perf_counter()]
        photo = Image.open(BytesIO(data)).convert("RGB")
        photo.load()
        marks.append(perf_counter())
        square = torch.from_numpy(np.array(photo.resize((SIDE, SIDE)))).permute(2, 0, 1)[None].float() / 255
        with torch.no_grad():
            self.fixcaps(square).softmax(1).argmax(1).item()
        marks.append(perf_counter())
        found: Any
        (found,) = self._yolo.predict(photo, imgsz=YOLO_SIDE, conf=0.25, device="cpu", verbose=False)
        marks.append(perf_counter())
        drawn = found.plot()
        marks.append(perf_counter())
        cv2.imencode(".jpg", drawn)
        marks.append(perf_counter())
        return {step: (end - start) * 1000 for step, start, end in zip(STEPS, marks[:-1], marks[1:], strict=True)}

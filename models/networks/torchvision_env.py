"""Import this before timm: it lets torchvision's Python part load beside a torch that was built without CUDA.

The package index's torchvision registers shapes of two operators that only its own compiled library declares, and
that library does not load on such a torch. Declaring them is enough to import it. One of them is then called: once
torchvision is imported, ultralytics suppresses overlaps by it instead of its own equal function, so it gets that one.
"""

from __future__ import annotations

from typing import Final

import torch

OPERATORS: Final = ("nms", "qnms")
SIGNATURE: Final = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"


def _declare() -> torch.library.Library | None:
    try:
        import torchvision
    except RuntimeError:
        library = torch.library.Library("torchvision", "DEF")
        for name in OPERATORS:
            library.define(name + SIGNATURE)
        import torchvision
        from ultralytics.utils.nms import TorchNMS

        import models.networks.ultralytics_env  # noqa: F401  # ultralytics changes Pillow

        torchvision.ops.nms = TorchNMS.nms
        return library
    return None


LIBRARY: Final = _declare()
"""Kept, since the declarations end with it."""

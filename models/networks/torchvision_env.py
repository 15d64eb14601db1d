"""Import this before timm. It makes torchvision's Python code load beside a torch that was built without CUDA.

The package index's torchvision registers two operators that only its compiled library declares, and that library does
not load with such a torch. Declaring the operators is enough to import torchvision. One of them is also used: once
torchvision is imported, ultralytics calls it for non-maximum suppression. So it is implemented by ultralytics' own
equal function.
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
"""This object must stay alive, since the declarations end with it."""

"""Knowledge distillation: a network learns what trained ones answer to the very picture that it sees itself.

Source: Hinton, Vinyals, Dean, "Distilling the Knowledge in a Neural Network", 2015, section 2.
"""

from __future__ import annotations

from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

TEMPERATURE: Final = 2.0


def distillation_loss(odds: Tensor, taught: list[Tensor]) -> Tensor:
    """Divergence of B x 8 log-odds from the mean answer of teachers, both softened; mean over the batch.

    The square of the temperature keeps its gradient as large as that of the labels' loss.
    """
    target = torch.stack([(answer / TEMPERATURE).softmax(1) for answer in taught]).mean(0)
    return F.kl_div((odds / TEMPERATURE).log_softmax(1), target, reduction="batchmean") * TEMPERATURE**2

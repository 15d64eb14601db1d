"""Knowledge distillation: a network learns the answers of trained networks to the same augmented picture.

Source: Hinton, Vinyals, Dean, "Distilling the Knowledge in a Neural Network", 2015, section 2.
"""

from __future__ import annotations

from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

TEMPERATURE: Final = 2.0


def distillation_loss(odds: Tensor, taught: list[Tensor]) -> Tensor:
    """Kullback-Leibler divergence of B x 8 log-odds from the teachers' mean, at a temperature; mean over the batch.

    The factor temperature squared keeps the gradient as large as that of the labels' loss.
    """
    target = torch.stack([(answer / TEMPERATURE).softmax(1) for answer in taught]).mean(0)
    return F.kl_div((odds / TEMPERATURE).log_softmax(1), target, reduction="batchmean") * TEMPERATURE**2

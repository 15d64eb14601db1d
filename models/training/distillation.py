"""Knowledge distillation: a network learns what trained ones answer to the very picture that it sees itself.

Source: Hinton, Vinyals, Dean, "Distilling the Knowledge in a Neural Network", 2015, section 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from models.networks.classifier import Classifier

TEMPERATURE: Final = 2.0


@dataclass(frozen=True, eq=False)
class Teacher:
    """A trained network that answers and does not learn.

    Attributes:
        network: in evaluation mode; its input is B x 3 x ``size`` x ``size``.
        regions: the square that it looks at in each training picture, N x 3; see ``inference.pipeline.crops.region``.
        size: side of its input.
    """

    network: nn.Module
    regions: Tensor
    size: int

    def log_odds(self, images: Tensor) -> Tensor:
        """B x 7 scores of B x 3 x ``size`` x ``size`` pictures."""
        classifier = cast(Classifier, self.network.to(images.device))
        with torch.no_grad():
            return classifier.log_odds(classifier(images))


def distillation_loss(odds: Tensor, taught: list[Tensor]) -> Tensor:
    """Divergence of B x 7 log-odds from the mean answer of teachers, both softened; mean over the batch.

    The square of the temperature keeps its gradient as large as that of the labels' loss.
    """
    target = torch.stack([(answer / TEMPERATURE).softmax(1) for answer in taught]).mean(0)
    return F.kl_div((odds / TEMPERATURE).log_softmax(1), target, reduction="batchmean") * TEMPERATURE**2

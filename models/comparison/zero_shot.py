"""The row that learns nothing from our data: CLIP compares a photo with sentences about the classes.

Source: Radford et al., "Learning Transferable Visual Models From Natural Language Supervision", ICML 2021, section 3.1.
"""

from __future__ import annotations

from typing import Any, Final, cast

# isort: off
import models.networks.torchvision_env  # noqa: F401  # before open_clip, which imports torchvision
import open_clip

# isort: on
import torch.nn.functional as F
from torch import Tensor, nn

from inference.classes import CLASSES
from models.comparison.bench import Bench, Reader
from models.networks import hub
from models.networks.others import Normalised

NAMES: Final = {
    "akiec": "actinic keratosis or Bowen's disease, a scaly precancerous patch",
    "bcc": "basal cell carcinoma, a skin cancer",
    "bkl": "benign keratosis, such as a seborrheic keratosis or a solar lentigo",
    "df": "dermatofibroma, a firm benign nodule",
    "mel": "melanoma, a malignant mole",
    "nv": "melanocytic nevus, a benign mole",
    "scc": "squamous cell carcinoma, a skin cancer",
    "vasc": "vascular lesion, such as an angioma or a hemorrhage",
}
"""The name of a class in a prompt."""

TEMPLATES: Final = (
    "a dermatoscopic image of {}.",
    "a dermatology photo of a skin lesion: {}.",
    "a close-up photo of human skin with {}.",
)


class ImageTower(nn.Module):
    """The image encoder of CLIP; returns B x D features of length 1."""

    def __init__(self, visual: nn.Module) -> None:
        super().__init__()
        self.visual = Normalised(visual, _triple(visual.image_mean), _triple(visual.image_std))

    def forward(self, images: Tensor) -> Tensor:
        return F.normalize(self.visual(images), dim=-1)


def reader(bench: Bench, name: str, model: str, weights: str) -> Reader:
    """Load CLIP and build its classifier: for each class the mean of its prompts' features.

    Args:
        bench: of the comparison.
        name: of the row.
        model, weights: open_clip's names.

    Raises:
        WeightsUnavailable: the weights are not available here.
    """
    with hub.loading(f"{model} {weights}"):
        open_clip.download_pretrained(open_clip.get_pretrained_cfg(model, weights))
        clip = open_clip.create_model(model, pretrained=weights).to(bench.device).eval()
    with bench.console.status(f"{name}: reading the prompts"):
        prompts: Tensor = open_clip.build_zero_shot_classifier(
            clip, open_clip.get_tokenizer(model), [NAMES[each] for each in CLASSES], TEMPLATES, device=bench.device
        )
    columns = (prompts * clip.logit_scale.exp()).detach().float().cpu()
    tower = ImageTower(clip.visual)
    return Reader(tower, lambda features: features @ columns, clip.visual.image_size[0], f"{len(TEMPLATES)} prompts")


def _triple(values: Any) -> tuple[float, float, float]:
    return cast(tuple[float, float, float], tuple(values))

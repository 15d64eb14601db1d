"""What somebody can call a photo of the pool, and what several labels of it come to."""

from typing import Final, NamedTuple

from bot.learning.masks import Polygon
from inference.classes import CLASSES
from storage.labels import final
from storage.training_pool import PoolPhoto

OTHER: Final = "other"
NOT_A_LESION: Final = "not_lesion"
UNSURE: Final = "unsure"
LABELS: Final = (*CLASSES, OTHER, NOT_A_LESION, UNSURE)


class Labelled(NamedTuple):
    """What a file says of a picture. `who` is empty where it does not say whose label it is, `outline` where it has
    none."""

    picture: str
    label: str
    who: str = ""
    outline: tuple[Polygon, ...] = ()


def final_label(photo: PoolPhoto) -> str | None:
    """What two people, or two of three, called a photo; None where that is undecided or nobody was sure."""
    label = final(each.label for each in photo.labels)
    return None if label == UNSURE else label

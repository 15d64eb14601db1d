"""The labels for photos of the pool, and the final label from several."""

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
    """A label from a file. `who` is its author, empty if unknown. `outline` is empty if the file has none."""

    picture: str
    label: str
    who: str = ""
    outline: tuple[Polygon, ...] = ()


def final_label(photo: PoolPhoto) -> str | None:
    """The label that two people, or two of three, gave a photo; None if undecided or if nobody was sure."""
    label = final(each.label for each in photo.labels)
    return None if label == UNSURE else label

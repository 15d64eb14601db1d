"""Which part of a photo is analysed, in which orientation, and how to map results back to the photo as taken."""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from inference.pipeline import quality
from inference.pipeline.field_of_view import FieldOfView, field_of_view, filled
from inference.pipeline.orientation import Box, Orientation, canonical_orientation

Element = TypeVar("Element", bound=np.generic)


@dataclass(frozen=True, eq=False)
class Framing:
    """How a photo is turned and cut before it is analysed.

    `orientation` turns it. `size` is its width and height in pixels after the turn. `window` is the part that is kept:
    x1, y1, x2, y2. `field` is the field of view in that part, at the size at which quality is judged.
    """

    orientation: Orientation
    size: tuple[int, int]
    window: tuple[int, int, int, int]
    field: FieldOfView | None

    @classmethod
    def of(cls, pixels: NDArray[np.uint8]) -> "Framing":
        """The framing of a photo, H x W x 3 uint8."""
        orientation = canonical_orientation(pixels)
        turned = orientation.apply(pixels)
        height, width = turned.shape[:2]
        whole = (0, 0, width, height)
        small = quality.shrunk(turned)
        field = field_of_view(small)
        if field is None or not field.worth_cropping:
            return cls(orientation, (width, height), whole, field)
        scale = width / small.shape[1], height / small.shape[0]
        x1, y1, x2, y2 = (round(edge * scale[number % 2]) for number, edge in enumerate(field.box))
        cropped = turned[y1:y2, x1:x2]
        # After the cut, the field has another scale.
        return cls(orientation, (width, height), (x1, y1, x2, y2), field_of_view(quality.shrunk(cropped)))

    def cut(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Turn a photo and cut it."""
        x1, y1, x2, y2 = self.window
        turned = self.orientation.apply(picture)
        return turned if (x2, y2) == self.size and not x1 and not y1 else np.ascontiguousarray(turned[y1:y2, x1:x2])

    def without_surround(self, part: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The part that is analysed, with its surround filled with skin; unchanged if there is no surround."""
        cropped = part.shape[:2] != self.size[::-1]
        return filled(part, self.field) if cropped and self.field is not None else part

    def as_taken(self, found: NDArray[Element]) -> NDArray[Element]:
        """Map a result for the analysed part, h x w, back to the photo as taken, with 0 around it.

        It may be coarser than the photo, such as a heat map. The returned map is equally coarse.
        """
        x1, y1, x2, y2 = self.window
        if self.window != (0, 0, *self.size):
            height, width = found.shape
            across, down = width / (x2 - x1), height / (y2 - y1)
            left, top = round(x1 * across), round(y1 * down)
            right, bottom = (
                max(round(self.size[0] * across), left + width),
                max(round(self.size[1] * down), top + height),
            )
            whole = np.zeros((bottom, right), found.dtype)
            whole[top : top + height, left : left + width] = found
            found = whole
        return self.orientation.undo(found)

    def box_as_taken(self, box: Box) -> Box:
        """Map a box x1, y1, x2, y2 (pixels) in the analysed part back to the photo as taken."""
        left, top = self.window[:2]
        x1, y1, x2, y2 = box
        return self.orientation.undo_box((x1 + left, y1 + top, x2 + left, y2 + top), *self.size)

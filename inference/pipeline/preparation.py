"""Prepares a photo for the networks: canonical orientation, usual brightness, no surround."""

from dataclasses import dataclass, replace

from inference.analysis import Quality
from inference.photo import Photo
from inference.pipeline import quality
from inference.pipeline.exposure import exposed
from inference.pipeline.framing import Framing


@dataclass(frozen=True, eq=False)
class Prepared:
    """A photo that is ready for the networks.

    `photo` is what the networks read. `framing` says which part of the photo as taken it is. `judged` is the quality of
    this part.
    """

    photo: Photo
    framing: Framing
    judged: Quality

    def quality_of(self, taken: Photo) -> Quality:
        """The quality to report: measured on the prepared part, with the size of the photo as taken."""
        return replace(self.judged, width=taken.width, height=taken.height)


def prepare(photo: Photo) -> Prepared:
    """Turn a photo, cut off a surround, and brighten the photo if it is dark."""
    framing = Framing.of(photo.pixels)
    framed = Photo(framing.cut(photo.pixels))
    judged = quality.assess(framed, framing.field)
    seen = Photo(exposed(framing.without_surround(framed.pixels), judged.brightness))
    return Prepared(seen, framing, judged)

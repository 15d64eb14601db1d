"""A photo as the networks look at it: in one orientation, in the usual light and without a surround."""

from dataclasses import dataclass, replace

from inference.analysis import Quality
from inference.photo import Photo
from inference.pipeline import quality
from inference.pipeline.exposure import exposed
from inference.pipeline.framing import Framing


@dataclass(frozen=True, eq=False)
class Prepared:
    """A photo to be analysed.

    `photo` is what the networks look at, `framing` how it lies in the photo as taken. `judged` is the quality of what
    is left of it.
    """

    photo: Photo
    framing: Framing
    judged: Quality

    def quality_of(self, taken: Photo) -> Quality:
        """The quality to be reported for the photo as taken: its own size counts."""
        return replace(self.judged, width=taken.width, height=taken.height)


def prepare(photo: Photo) -> Prepared:
    """Turn a photo, cut a surround off and brighten it where it is dark."""
    framing = Framing.of(photo.pixels)
    framed = Photo(framing.cut(photo.pixels))
    judged = quality.assess(framed, framing.field)
    seen = Photo(exposed(framing.without_surround(framed.pixels), judged.brightness))
    return Prepared(seen, framing, judged)

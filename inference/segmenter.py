"""YOLOv8-seg at work: photos in, at most one lesion each out. The network itself is `models.segmenter`."""

from collections.abc import Sequence

from torch import Tensor

from inference.analysis import Lesion
from inference.photo import Photo
from inference.registry import RegistryError, Release
from models.gate import watched
from models.release import SegmenterEntry
from models.segmenter import build_segmenter, find_lesions


class Segmenter:
    """The released segmenter, ready to answer.

    Args:
        release: which.
        layers: of its network, whose outputs the gate reads.

    Raises:
        RegistryError: the release's file is not what the registry says.
    """

    def __init__(self, release: Release[SegmenterEntry], layers: Sequence[int]) -> None:
        entry = release.entry
        try:
            self._network = build_segmenter(**entry.architecture)
        except (TypeError, FileNotFoundError) as error:
            raise RegistryError(f"{release.title}: the registry describes no network we know: {error}") from error
        release.files[0].load_into(self._network)
        self._network.eval()
        self._size = entry.input.size
        self._min_score = entry.min_score
        self._layers = layers

    def lesions(self, photos: Sequence[Photo]) -> tuple[list[Lesion | None], Tensor]:
        """The best lesion of each photo, None where nothing reaches the release's `min_score`; and N x D features."""
        pixels = [photo.pixels for photo in photos]
        with watched(self._network, self._layers) as features:
            found = find_lesions(self._network, pixels, self._size, min_score=self._min_score, most=1)
        lesions = [
            # A box whose mask is empty outlines nothing that could be shown or cut out.
            Lesion(outlines[0].box, outlines[0].mask, outlines[0].score)
            if outlines and outlines[0].mask.any()
            else None
            for outlines in found
        ]
        return lesions, features[0]

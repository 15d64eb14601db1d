"""The one pipeline: photo -> quality -> lesion -> classes -> `Analysis`. Bot, command line and tests all run it."""

from collections.abc import Sequence
from time import perf_counter

import numpy as np

from inference import quality
from inference.analysis import Analysis, Lesion, Quality, Refusal, Risk
from inference.classifier import Classifier
from inference.photo import Photo
from inference.registry import Registry
from inference.segmenter import Segmenter


class Analyzer:
    """Both networks of a registry, loaded. Not for several threads at once.

    Raises:
        RegistryError: a served file is not what the registry says.
    """

    def __init__(self, registry: Registry) -> None:
        self._segmenter = Segmenter(registry.segmenter)
        self._classifier = Classifier(registry.classifier)
        self._titles = registry.titles

    def analyze(self, photo: Photo) -> Analysis:
        """Analyse one photo."""
        return self.analyze_batch([photo])[0]

    def analyze_batch(self, photos: Sequence[Photo]) -> list[Analysis]:
        """Analyse photos together; the answers are those each photo would get alone.

        `timings` hold each photo's own decoding and quality check, and its equal share of the networks' time.
        """
        drafts = [_Draft(photo) for photo in photos]
        fit = [draft for draft in drafts if draft.refusal is None]
        if fit:
            began = perf_counter()
            found = self._segmenter.lesions([draft.photo for draft in fit])
            for draft, lesion in zip(fit, found, strict=True):
                draft.lesion = lesion
                draft.refusal = None if lesion else Refusal.NO_LESION
            _share("segment", began, fit)
        seen = [(draft, draft.lesion) for draft in fit if draft.lesion is not None]
        if seen:
            began = perf_counter()
            answers = self._classifier.probabilities([draft.photo for draft, _ in seen], [lesion for _, lesion in seen])
            for (draft, _), probabilities in zip(seen, answers, strict=True):
                draft.probabilities = probabilities
                draft.risk = self._classifier.risk(probabilities)
            _share("classify", began, [draft for draft, _ in seen])
        return [draft.finished(self._titles) for draft in drafts]

    def warm_up(self) -> None:
        """Run both networks once: the first pass is several times slower than any later one."""
        photo = Photo(np.full((64, 64, 3), 128, np.uint8))
        self._segmenter.lesions([photo])
        self._classifier.probabilities([photo], [Lesion((0.0, 0.0, 64.0, 64.0), np.ones((64, 64), np.bool_), 1.0)])


class _Draft:
    """An analysis under way."""

    def __init__(self, photo: Photo) -> None:
        began = perf_counter()
        self.photo = photo
        self.quality: Quality = quality.assess(photo)
        self.refusal: Refusal | None = quality.refusal(self.quality)
        self.lesion: Lesion | None = None
        self.probabilities: dict[str, float] = {}
        self.risk: Risk | None = None
        self.timings = {"decode": photo.decode_ms, "quality": (perf_counter() - began) * 1000}
        self.timings |= {"segment": 0.0, "classify": 0.0}

    def finished(self, titles: dict[str, str]) -> Analysis:
        self.timings["total"] = sum(self.timings.values())
        return Analysis(
            label=max(self.probabilities, key=self.probabilities.__getitem__, default=None),
            probabilities=self.probabilities,
            lesion=self.lesion,
            quality=self.quality,
            refusal=self.refusal,
            risk=self.risk,
            models=titles,
            timings=self.timings,
        )


def _share(step: str, began: float, drafts: list[_Draft]) -> None:
    milliseconds = (perf_counter() - began) * 1000 / len(drafts)
    for draft in drafts:
        draft.timings[step] = milliseconds

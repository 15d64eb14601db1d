"""The pipeline: photo -> quality -> lesion -> classes -> `Analysis`. Bot, web, command line and tests all use it."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from inference.analysis import CLASSES, Analysis, Domain, Lesion, Refusal, Risk
from inference.classes import SUSPICIOUS
from inference.cores import cores
from inference.photo import Photo
from inference.pipeline import quality
from inference.pipeline.attribution import heatmap
from inference.pipeline.classifier import Classifier, WholePhotoOutputs
from inference.pipeline.fingerprint import fingerprint
from inference.pipeline.gate import Gate
from inference.pipeline.orientation import ORIENTATIONS
from inference.pipeline.preparation import prepare
from inference.pipeline.segmenter import Segmenter
from inference.pipeline.several import LesionResult, View
from inference.registry.registry import Registry


class Analyzer:
    """Runs the networks and the gate in order. Not thread-safe.

    Args:
        segmenter: finds the lesion.
        classifier: names it.
        gate: refuses photos without a lesion, by the classifier's features.
        models: role -> name and version, for `Analysis.models`.
        background: whether the networks that need no mask run in a thread of their own, beside the segmenter.
        checked: whether photos that are unfit or show no skin are refused. False is for measuring what refusing is
            worth.
    """

    def __init__(
        self,
        segmenter: Segmenter,
        classifier: Classifier,
        gate: Gate,
        models: Mapping[str, str],
        *,
        background: bool = False,
        checked: bool = True,
    ) -> None:
        self._segmenter = segmenter
        self._classifier = classifier
        self._gate = gate
        self._titles = models
        self._background = ThreadPoolExecutor(1, thread_name_prefix="background") if background else None
        self._checked = checked

    @classmethod
    def load(cls, registry: Registry, threads: int | None = None, *, checked: bool = True) -> "Analyzer":
        """An analyzer with the networks that a registry serves.

        Args:
            registry: what is served.
            threads: cores that the networks may use; None is all.
            checked: see `Analyzer`.

        Raises:
            RegistryError: a served file is not what the registry says.
        """
        threads = threads or cores()
        # Two small networks on one core each finish sooner than one after the other on two cores.
        background = threads // 2
        segmenter = Segmenter(registry.segmenter, threads - background)
        classifier = Classifier(registry.classifier, registry.gate, threads, max(background, 1))
        gate = Gate(registry.gate, classifier.channels)
        return cls(segmenter, classifier, gate, registry.titles, background=background > 0, checked=checked)

    def analyze(self, photo: Photo) -> Analysis:
        """Analyse one photo."""
        return self.analyze_batch([photo])[0]

    def analyze_batch(self, photos: Sequence[Photo]) -> list[Analysis]:
        """Analyse photos together. Each photo gets the same answer as it would alone.

        `timings` hold each photo's own decoding and quality check, and an equal share of the networks' time. Work that
        runs beside the segmenter counts only if it has to be waited for.
        """
        return [each.finished(self._titles) for each in self._run(photos)]

    def explain(self, photo: Photo) -> tuple[Analysis, NDArray[np.float32] | None]:
        """Analyse one photo, and show which parts of it supported the answer.

        The answer is the named class. With a warning it is all suspicious classes, weighted by their probabilities.

        Returns:
            The analysis, as `analyze` returns it, and the heat map of `inference.pipeline.attribution`, or None if
            there is no class.
        """
        [each] = self._run([photo])
        analysis = each.finished(self._titles)
        if not each.results or each.domain is None or analysis.label is None:
            return analysis, None
        view = each.results[0].view
        attribution = self._classifier.attribution(view.photo, view.lesion, each.domain)
        explained = (analysis.label,) if analysis.risk is Risk.LOW else SUSPICIOUS
        classes = {CLASSES.index(name): analysis.probabilities[name] for name in explained}
        placed = [view.placed(found) for found in attribution]
        heat = heatmap(placed, classes, (each.photo.height, each.photo.width))
        return analysis, each.framing.as_taken(heat)

    def outlines_of_copies(self, photo: Photo) -> list[NDArray[np.bool_]]:
        """The lesion in a photo's turned and mirrored copies, each H x W bool and turned back to the photo as taken.

        Copies in which no lesion is found are left out.
        """
        framed = _PendingAnalysis(photo, checked=False)
        copies = [Photo(turn.apply(framed.photo.pixels)) for turn in ORIENTATIONS]
        found = self._segmenter.lesions(copies)
        return [
            framed.framing.as_taken(turn.undo(lesions[0].mask))
            for lesions, turn in zip(found, ORIENTATIONS, strict=True)
            if lesions
        ]

    def _run(self, photos: Sequence[Photo]) -> "list[_PendingAnalysis]":
        pending = [_PendingAnalysis(photo, self._checked) for photo in photos]
        # A cat on white paper has glare too, but the useful answer is that it is no skin. So the gate goes before
        # glare. It recognises nothing in a blurred photo.
        shown = [each for each in pending if each.refusal in (None, Refusal.GLARE)]
        aside = self._background
        begun = [aside.submit(self._classifier.score_whole, [each.photo]) for each in shown] if aside else []
        self._segment([each for each in shown if each.refusal is None])
        self._score_whole(shown, begun)
        if self._checked:
            self._apply_gate(shown)
        self._classify([each for each in shown if each.lesions])
        return pending

    def _segment(self, pending: "list[_PendingAnalysis]") -> None:
        if not pending:
            return
        began = perf_counter()
        for each, lesions in zip(pending, self._segmenter.lesions([each.photo for each in pending]), strict=True):
            each.lesions, each.refusal = lesions, None if lesions else Refusal.NO_LESION
        _share("segment", began, pending)

    def _score_whole(self, pending: "list[_PendingAnalysis]", begun: list[Future[WholePhotoOutputs]]) -> None:
        """Run the networks for whole photos, or wait for those that were started."""
        if not pending:
            return
        began = perf_counter()
        found = [each.result() for each in begun] or [self._classifier.score_whole([each.photo for each in pending])]
        odds, features = (np.concatenate(parts) for parts in zip(*found, strict=True))
        for number, each in enumerate(pending):
            each.odds, each.features = odds[number], features[number]
        for each, domain in zip(pending, self._gate.domains(features), strict=True):
            each.domain = domain
        _share("classify", began, pending)

    def _apply_gate(self, pending: "list[_PendingAnalysis]") -> None:
        if not pending:
            return
        began = perf_counter()
        refusals = self._gate.refusals(np.stack([each.features for each in pending]))
        for each, refusal in zip(pending, refusals, strict=True):
            if refusal is Refusal.NOT_SKIN or each.refusal is None:
                each.refusal = refusal
            if each.refusal is not None:
                each.lesions = []
        _share("gate", began, pending)

    def _classify(self, pending: "list[_PendingAnalysis]") -> None:
        if not pending:
            return
        began = perf_counter()
        domains = [each.domain for each in pending if each.domain]
        views = [View(each.photo, each.lesions[0]) for each in pending]
        odds = np.stack([each.odds for each in pending])
        for each, view, found in zip(pending, views, self._read(views, odds, domains), strict=True):
            each.results = [LesionResult(each.lesions[0], view, *found)]
        for each, domain in zip(pending, domains, strict=True):
            if len(each.lesions) > 1:
                each.results += self._read_further(each, domain)
                each.results.sort(key=lambda result: result.severity, reverse=True)
        _share("classify", began, pending)

    def _read_further(self, pending: "_PendingAnalysis", domain: Domain) -> list[LesionResult]:
        """Read all lesions but the best. The networks for whole photos get a close-up of each."""
        further = pending.lesions[1:]
        views = [View.close_up(pending.photo, lesion) for lesion in further]
        odds = self._classifier.score_whole([view.photo for view in views]).odds
        found = self._read(views, odds, [domain] * len(views))
        return [LesionResult(lesion, view, *answer) for lesion, view, answer in zip(further, views, found, strict=True)]

    def _read(
        self, views: Sequence[View], odds: NDArray[np.float32], domains: Sequence[Domain]
    ) -> list[tuple[dict[str, float], Risk]]:
        photos, lesions = [view.photo for view in views], [view.lesion for view in views]
        found = self._classifier.probabilities(photos, lesions, odds, domains)
        return [(each, self._classifier.risk(each, domain)) for each, domain in zip(found, domains, strict=True)]

    def warm_up(self) -> None:
        """Run every network once, because the first pass is several times slower than later ones."""
        photo = Photo(np.full((64, 64, 3), 128, np.uint8))
        self._segmenter.lesions([photo])
        outputs = self._classifier.score_whole([photo])
        self._gate.refusals(outputs.features)
        lesion = Lesion((0.0, 0.0, 64.0, 64.0), np.ones((64, 64), np.bool_), 1.0)
        self._classifier.probabilities([photo], [lesion], outputs.odds, self._gate.domains(outputs.features))


class _PendingAnalysis:
    """An analysis under way."""

    def __init__(self, photo: Photo, checked: bool) -> None:
        began = perf_counter()
        self.fingerprint = fingerprint(photo)
        prepared = prepare(photo)
        self.framing, self.photo = prepared.framing, prepared.photo
        self.quality = prepared.quality_of(photo)
        self.refusal: Refusal | None = quality.refusal(prepared.judged) if checked else None
        self.odds: NDArray[np.float32]
        self.features: NDArray[np.float32]
        self.domain: Domain | None = None
        self.lesions: list[Lesion] = []
        self.results: list[LesionResult] = []
        self.timings = {"decode": photo.decode_ms, "quality": (perf_counter() - began) * 1000}
        self.timings |= {"gate": 0.0, "segment": 0.0, "classify": 0.0}

    def finished(self, titles: Mapping[str, str]) -> Analysis:
        self.timings["total"] = sum(self.timings.values())
        worst = self.results[0] if self.results else None
        probabilities = worst.probabilities if worst else {}
        lesions = [self._as_taken(result.lesion) for result in self.results]
        return Analysis(
            label=max(probabilities, key=probabilities.__getitem__, default=None),
            probabilities=probabilities,
            lesion=lesions[0] if lesions else None,
            quality=self.quality,
            refusal=self.refusal,
            risk=worst.risk if worst else None,
            domain=self.domain,
            more_lesions=tuple(lesions[1:]),
            models=titles,
            timings=self.timings,
            fingerprint=self.fingerprint,
        )

    def _as_taken(self, lesion: Lesion) -> Lesion:
        return Lesion(self.framing.box_as_taken(lesion.box), self.framing.as_taken(lesion.mask), lesion.score)


def _share(step: str, began: float, pending: list[_PendingAnalysis]) -> None:
    milliseconds = (perf_counter() - began) * 1000 / len(pending)
    for each in pending:
        each.timings[step] += milliseconds

"""analyzer: one photo in, one analysis out, whatever else is in the batch."""

import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from inference.analysis import CLASSES, Analysis, Refusal, Risk
from inference.classes import SUSPICIOUS
from inference.domains import DOMAINS
from inference.photo import Photo, decode
from inference.pipeline.analyzer import Analyzer
from inference.pipeline.classifier import Classifier
from inference.pipeline.orientation import ORIENTATIONS
from inference.registry.registry import Registry
from inference.registry.schema import ClassifierInput
from tests.inference.pictures import encoded, skin
from tests.inference.releases import GATE_FILE, accept, domain, edit_member, edit_registry, write_gate

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def analyzer(weights: Path) -> Analyzer:
    return Analyzer.load(Registry.load(weights))


def with_limits(folder: Path, **limits: float) -> Analyzer:
    found = domain(**({"suspicious": 1.0, "melanoma": 1.0} | limits))
    edit_registry(folder, "classifier", domains=dict.fromkeys(DOMAINS, found))
    return Analyzer.load(Registry.load(folder))


def test_an_answer_is_complete(analyzer: Analyzer) -> None:
    analysis = analyzer.analyze(decode(encoded(skin(400, 300))))
    assert analysis.refusal is None
    assert tuple(analysis.probabilities) == CLASSES
    assert sum(analysis.probabilities.values()) == pytest.approx(1, abs=1e-9)
    assert analysis.label == max(CLASSES, key=lambda code: analysis.probabilities[code])
    assert analysis.risk is Risk.LOW
    assert analysis.models == {"classifier": "fixcaps 0.0.1", "segmenter": "yolov8n-seg 0.0.1", "gate": "gate 0.0.1"}
    assert (analysis.quality.width, analysis.quality.height) == (400, 300)
    lesion = analysis.lesion
    assert lesion is not None
    assert lesion.mask.shape == (300, 400) and lesion.mask.dtype == np.bool_
    x1, y1, x2, y2 = lesion.box
    assert 0 <= x1 < x2 <= 400 and 0 <= y1 < y2 <= 300
    assert not lesion.mask[: int(y1)].any() and not lesion.mask[:, : int(x1)].any()
    assert 0 <= lesion.score <= 1
    assert set(analysis.timings) == {"decode", "quality", "gate", "segment", "classify", "total"}
    parts = [milliseconds for step, milliseconds in analysis.timings.items() if step != "total"]
    assert min(parts) > 0
    assert analysis.timings["total"] == pytest.approx(sum(parts))


def refused(analysis: Analysis, refusal: Refusal) -> bool:
    silent = analysis.label is None and not analysis.probabilities and analysis.risk is None
    return silent and analysis.refusal is refusal and analysis.lesion is None


def test_refusals_carry_no_class(analyzer: Analyzer) -> None:
    assert refused(analyzer.analyze(Photo(skin(8, 8))), Refusal.TOO_SMALL)
    assert refused(analyzer.analyze(Photo(np.zeros((200, 200, 3), np.uint8))), Refusal.TOO_DARK)
    assert refused(analyzer.analyze(Photo(np.full((200, 200, 3), 190, np.uint8))), Refusal.NOT_SKIN)
    assert refused(analyzer.analyze(Photo(np.full((200, 200, 3), (214, 168, 146), np.uint8))), Refusal.BLURRED)


def test_no_lesion_at_the_releases_score_is_a_refusal(own_weights: Path) -> None:
    edit_registry(own_weights, "segmenter", min_score=0.999)
    assert refused(Analyzer.load(Registry.load(own_weights)).analyze(Photo(skin())), Refusal.NO_LESION)


def test_alone_in_a_batch_shuffled_or_again(analyzer: Analyzer) -> None:
    sizes = [(320, 240), (240, 320), (700, 300), (8, 8), (450, 600)]
    photos = [Photo(skin(*size, seed=seed)) for seed, size in enumerate(sizes)]
    alone = [analyzer.analyze(photo) for photo in photos]
    together = analyzer.analyze_batch(photos)
    backwards = analyzer.analyze_batch(photos[::-1])[::-1]
    again = [analyzer.analyze(photo) for photo in photos]
    assert len({round(analysis.probabilities["mel"], 4) for analysis in alone if analysis.label}) > 1
    for other in (together, backwards, again):
        for one, two in zip(alone, other, strict=True):
            assert one.refusal == two.refusal
            assert (one.lesion is None) == (two.lesion is None)
            assert list(one.probabilities.values()) == pytest.approx(list(two.probabilities.values()), abs=1e-5)
            if one.lesion and two.lesion:
                assert one.lesion.box == pytest.approx(two.lesion.box, abs=0.01)


def test_an_empty_batch(analyzer: Analyzer) -> None:
    assert analyzer.analyze_batch([]) == []


class TestRisk:
    def test_below_both_limits_is_low(self, own_weights: Path) -> None:
        assert with_limits(own_weights).analyze(Photo(skin())).risk is Risk.LOW

    def test_melanoma_at_its_limit_is_raised_whoever_wins(self, own_weights: Path) -> None:
        share = with_limits(own_weights).analyze(Photo(skin())).probabilities["mel"]
        at, above = (with_limits(own_weights, melanoma=limit) for limit in (share, share + 1e-4))
        analysis = at.analyze(Photo(skin()))
        assert analysis.label == "nv"
        assert analysis.risk is Risk.RAISED
        assert above.analyze(Photo(skin())).risk is Risk.LOW

    def test_all_suspicious_classes_count_together(self, own_weights: Path) -> None:
        found = with_limits(own_weights).analyze(Photo(skin())).probabilities
        together = sum(found[code] for code in SUSPICIOUS)
        assert together > max(found[code] for code in SUSPICIOUS)
        assert with_limits(own_weights, suspicious=together - 1e-4).analyze(Photo(skin())).risk is Risk.RAISED
        assert with_limits(own_weights, suspicious=together + 1e-4).analyze(Photo(skin())).risk is Risk.LOW

    def test_a_group_that_is_likelier_than_any_benign_class_is_high(self, own_weights: Path) -> None:
        limits = domain(suspicious=1.0, melanoma=1.0, favoured="akiec")
        edit_registry(own_weights, "classifier", domains=dict.fromkeys(DOMAINS, limits))
        assert Analyzer.load(Registry.load(own_weights)).analyze(Photo(skin())).risk is Risk.HIGH


class TestDomain:
    @pytest.mark.parametrize(("phone", "expected"), [(-1.0, "dermatoscope"), (1.0, "phone")])
    def test_each_domain_has_a_calibration_of_its_own(self, own_weights: Path, phone: float, expected: str) -> None:
        write_gate(own_weights / GATE_FILE, [4.0, 0.0, 0.0], phone)
        accept(own_weights, GATE_FILE)
        edit_registry(
            own_weights,
            "classifier",
            domains={"dermatoscope": domain(), "phone": domain(favoured="bkl", slopes=(0.1,))},
        )
        analysis = Analyzer.load(Registry.load(own_weights)).analyze(Photo(skin()))
        assert analysis.domain == expected
        assert analysis.label == {"dermatoscope": "nv", "phone": "bkl"}[expected]

    def test_what_was_not_looked_at_has_none(self, analyzer: Analyzer) -> None:
        assert analyzer.analyze(Photo(skin(8, 8))).domain is None


def test_the_whole_photo_or_the_lesion_is_classified_as_the_release_says(own_weights: Path) -> None:
    by_lesion = Analyzer.load(Registry.load(own_weights)).analyze(Photo(skin(500, 300)))
    edit_member(own_weights, input=ClassifierInput(size=64, view="whole", margin=1.4))
    by_whole = Analyzer.load(Registry.load(own_weights)).analyze(Photo(skin(500, 300)))
    assert by_lesion.probabilities["mel"] != pytest.approx(by_whole.probabilities["mel"], abs=1e-4)


WATCHED = """
import sys
reached = []
def watch(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "subprocess.Popen", "os.system", "urllib.Request"):
        reached.append((event, arguments))
sys.addaudithook(watch)
from pathlib import Path
from inference.drawing.words import CaptionOptions
from inference.engine import tasks
weights, photo = Path(sys.argv[1]), Path(sys.argv[2]).read_bytes()
tasks.warm(weights, None)
assert tasks.read(weights, None, photo, CaptionOptions()).annotated
slow = {"scipy", "skimage"} & set(sys.modules)
assert not slow, f"the first answer waits for {slow}"
assert tasks.explain(weights, None, photo, CaptionOptions("ru")).drawing
assert not reached, reached
training = {"matplotlib", "onnx", "sklearn", "torch", "torchvision", "ultralytics"} & set(sys.modules)
training |= {name for name in sys.modules if name.startswith(("models.training.loop", "models.data.ham10000"))}
assert not training, f"serving imports {training}"
"""


def test_serving_is_silent_offline_and_without_torch(weights: Path, tmp_path: Path) -> None:
    photo, home = tmp_path / "photo.jpg", tmp_path / "home"
    photo.write_bytes(encoded(skin()))
    home.mkdir()
    environment = {"HOME": str(home), "PATH": "/usr/bin:/bin", "TMPDIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", WATCHED, str(weights), str(photo)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(home.rglob("*")) == []


@pytest.mark.parametrize("size", [(400, 300), (256, 256)])
def test_a_turned_or_mirrored_photo_gets_the_same_answer(weights: Path, size: tuple[int, int]) -> None:
    analyzer = Analyzer.load(Registry.load(weights))
    photo = skin(*size)
    height, width = photo.shape[:2]
    photo[:, : width // 3] = photo[:, : width // 3] // 2  # so that the outline is no symmetric one
    plain = analyzer.analyze(Photo(photo))
    assert plain.lesion is not None and plain.label is not None
    assert plain.lesion.mask.shape == (height, width)
    for orientation in ORIENTATIONS:
        turned = orientation.apply(photo)
        analysis = analyzer.analyze(Photo(turned))
        assert analysis.probabilities == plain.probabilities and analysis.risk == plain.risk
        assert analysis.quality.sharpness == plain.quality.sharpness
        assert (analysis.quality.height, analysis.quality.width) == turned.shape[:2]
        assert analysis.lesion is not None and analysis.lesion.score == plain.lesion.score
        assert np.array_equal(analysis.lesion.mask, orientation.apply(plain.lesion.mask))
        back = orientation.undo_box(analysis.lesion.box, turned.shape[1], turned.shape[0])
        assert back == pytest.approx(plain.lesion.box, abs=1e-9)


def test_cores_change_when_networks_run_and_not_what_they_say(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []

    def watched(classifier: Classifier, photos: Sequence[Photo]) -> NDArray[np.float32]:
        ran.append(threading.current_thread().name)
        return score_whole(classifier, photos)

    score_whole = Classifier.score_whole
    monkeypatch.setattr(Classifier, "score_whole", watched)
    photos = [Photo(skin(320, 240)), Photo(np.zeros((200, 200, 3), np.uint8)), Photo(skin(450, 600, seed=1))]
    one, two = (Analyzer.load(Registry.load(weights), cores).analyze_batch(photos) for cores in (1, 2))
    assert ran == ["MainThread", "background_0", "background_0"], (
        "one core reads both at the end, two each beside its outline"
    )
    assert one[1].refusal is Refusal.TOO_DARK, "nor is a network asked about a photo that is refused before"
    for alone, beside in zip(one, two, strict=True):
        assert alone.refusal == beside.refusal
        assert list(alone.probabilities.values()) == pytest.approx(list(beside.probabilities.values()), abs=1e-5)

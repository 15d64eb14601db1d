"""gate: what shows no lesion on skin gets no class, and says why."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skimage
import sklearn
import ultralytics
from numpy.typing import NDArray

from bot.samples import sample
from inference.analysis import CLASSES, Refusal
from inference.photo import Photo, decode
from inference.pipeline import quality
from inference.pipeline.analyzer import Analyzer
from inference.pipeline.classifier import Classifier
from inference.pipeline.session import Session
from inference.registry.registry import Registry, RegistryError
from inference.registry.schema import ClassifierInput
from inference.registry.tensors import FEATURES
from models.gate.everyday import read
from models.gate.everyday_drawn import draw
from tests.inference.pictures import skin
from tests.inference.releases import (
    BACKBONE,
    BACKBONE_FILE,
    CLASSIFIER_FILE,
    GATE_FILE,
    accept,
    edit_member,
    edit_registry,
    served,
    write_gate,
)

SHARED = Path(__file__).resolve().parents[4] / "shared"
PHOTOS = (
    *sorted(Path(skimage.__file__).with_name("data").glob("*.[jp][pn]g")),
    *sorted((Path(sklearn.__file__).parent / "datasets" / "images").glob("*.jpg")),
    *sorted((Path(ultralytics.__file__).parent / "assets").glob("*.jpg")),
)


@pytest.fixture(scope="module")
def analyzer() -> Analyzer:
    """The pipeline with the weights that are released with the project."""
    return Analyzer.load(Registry.load())


def photo(pixels: NDArray[np.uint8]) -> Photo:
    return Photo(np.ascontiguousarray(pixels))


@pytest.mark.parametrize("kind", ["gradients", "noise", "text pages", "screenshots", "drawings", "bare skin tones"])
def test_drawn_pictures_get_no_class(analyzer: Analyzer, kind: str) -> None:
    """Of unseen ones of each kind at most one in eight slips through; the report has the rates."""
    found = analyzer.analyze_batch([photo(draw(kind, 1000 + number)) for number in range(8)])
    assert sum(analysis.label is None for analysis in found) >= 7


def test_photos_of_other_things_get_no_class(analyzer: Analyzer) -> None:
    """At most one in ten slips through; the report has the rates."""
    assert len(PHOTOS) > 15
    pictures = {path.name: read(path) for path in PHOTOS}
    read_all_the_same = [
        name
        for name, pixels in pictures.items()
        if pixels is not None and analyzer.analyze(photo(pixels)).refusal is None
    ]
    assert len(read_all_the_same) <= len(PHOTOS) / 10, read_all_the_same


def test_the_gate_says_why(analyzer: Analyzer) -> None:
    (bus,) = (path for path in PHOTOS if path.name == "bus.jpg")
    assert analyzer.analyze(decode(bus.read_bytes())).refusal is Refusal.NOT_SKIN
    on_white = np.full((700, 600, 3), 255, np.uint8)
    pixels = read(bus)
    assert pixels is not None
    on_white[: pixels.shape[0], : pixels.shape[1]] = pixels
    unfit = photo(on_white)
    assert quality.refusal(quality.assess(unfit)) is Refusal.GLARE
    assert analyzer.analyze(unfit).refusal is Refusal.NOT_SKIN


@pytest.mark.parametrize("name", ["mole", "uneven"])
def test_a_drawn_mole_that_looks_like_one_is_read(analyzer: Analyzer, name: str) -> None:
    assert analyzer.analyze(decode(sample(name))).label is not None


@pytest.mark.skipif(not (SHARED / "phone").is_dir(), reason=f"no phone photos beside the repository in {SHARED}")
def test_phone_photos_are_read(analyzer: Analyzer) -> None:
    paths = sorted((SHARED / "phone").glob("*.jpg"))
    assert len(paths) == 10
    assert [path.name for path in paths if analyzer.analyze(decode(path.read_bytes())).refusal] == []


def complaint(folder: Path) -> str:
    with pytest.raises(RegistryError) as caught:
        Analyzer.load(Registry.load(folder))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_photo_below_the_threshold_is_refused_unless_it_is_not_checked(own_weights: Path) -> None:
    def refusal(bias: list[float], *, checked: bool = True) -> Refusal | None:
        write_gate(own_weights / GATE_FILE, bias)
        accept(own_weights, GATE_FILE)
        analysis = Analyzer.load(Registry.load(own_weights), checked=checked).analyze(Photo(skin()))
        assert (analysis.lesion is None) == (analysis.label is None) == (analysis.refusal is not None)
        return analysis.refusal

    assert refusal([3.0, 0.0, 0.0]) is None
    assert refusal([0.0, 1.0, 0.0]) is Refusal.NO_LESION
    assert refusal([0.0, 0.0, 1.0]) is Refusal.NOT_SKIN
    assert refusal([0.0, 0.0, 1.0], checked=False) is None
    odds = 0.5 - np.log(2)
    for threshold, expected in ((odds - 0.01, None), (odds + 0.01, Refusal.NO_LESION)):
        edit_registry(own_weights, "gate", threshold=threshold)
        assert refusal([0.5, 0.0, 0.0]) in (expected, Refusal.NOT_SKIN if expected else None)


def test_a_blurred_photo_is_told_to_be_blurred_whatever_the_gate_sees(own_weights: Path) -> None:
    write_gate(own_weights / GATE_FILE, [0.0, 0.0, 1.0])
    accept(own_weights, GATE_FILE)
    analyzer = Analyzer.load(Registry.load(own_weights))
    blurred = np.full((200, 200, 3), (214, 168, 146), np.uint8)
    assert quality.refusal(quality.assess(photo(blurred))) is Refusal.BLURRED
    assert analyzer.analyze(photo(blurred)).refusal is Refusal.BLURRED


def test_no_gate(own_weights: Path) -> None:
    path = own_weights / "registry.json"
    path.write_text(path.read_text().replace('"gate": "gate-0.0.1"', '"gate": "gate-9.9.9"'))
    assert "gate-9.9.9" in complaint(own_weights)


def test_a_gate_of_another_size(own_weights: Path) -> None:
    edit_registry(own_weights, "gate", input=BACKBONE.model_copy(update={"size": 48}))
    assert "does not read 48 x 48 px" in complaint(own_weights)


def test_a_gate_of_another_network(own_weights: Path) -> None:
    shutil.copy(own_weights / CLASSIFIER_FILE, own_weights / BACKBONE_FILE)  # it gives no features
    accept(own_weights, BACKBONE_FILE)
    edit_registry(own_weights, "gate", input=ClassifierInput(size=64, view="whole", margin=1.4))
    message = complaint(own_weights)
    assert str(own_weights / GATE_FILE) in message and "another network" in message


def test_the_gate_goes_by_what_a_network_for_the_class_saw_anyway(
    own_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Sequence[str]] = []

    def watched(session: Session, outputs: Sequence[str], *given: Any, **others: Any) -> list[NDArray[np.float32]]:
        asked.append(outputs)
        return run(session, outputs, *given, **others)

    run = Session.run
    monkeypatch.setattr(Session, "run", watched)

    def answered() -> tuple[int, NDArray[np.float32]]:
        registry = Registry.load(own_weights)
        classifier = Classifier(registry.classifier, registry.gate)
        asked.clear()
        outputs = classifier.score_whole([Photo(skin()), Photo(skin(seed=1))])
        assert outputs.odds.shape == (2, int(own), len(CLASSES))
        return sum(FEATURES in outputs for outputs in asked), outputs.features

    own = False
    apart = answered()
    edit_member(own_weights, served=served(own_weights / BACKBONE_FILE), input=BACKBONE)
    own = True
    shared = answered()
    assert apart[0] == shared[0] == len(asked) == 1, "one pass gives both"
    assert np.array_equal(apart[1], shared[1]) and np.ptp(shared[1]) > 1

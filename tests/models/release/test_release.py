"""From a training run to served weights with a registry, a report and a card."""

import hashlib
import json
import shutil
import stat
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnx as onnx_library
import pytest

from inference.classes import CLASSES
from inference.domains import DOMAINS
from inference.photo import Photo
from inference.pipeline.calibration import Calibration
from inference.pipeline.orientation import ORIENTATIONS, canonical_orientation
from inference.pipeline.preparation import prepare
from inference.registry.file import RegistryFile
from inference.registry.schema import FileEntry
from models.__main__ import main
from models.data.pictures import load_photos
from models.evaluation import evaluate
from models.evaluation.metrics import bootstrap
from models.evaluation.report import text
from models.evaluation.served import collect, read_encoded, serve
from models.networks.segmenter import find_lesions, load_segmenter
from models.release import onnx
from models.release.cards import write_card
from models.release.domains import evened, fit_domain
from models.release.export import LEAST_SCORE_SHARE
from models.release.outputs import ReleasedNetworks
from models.training.segmentation import SegmenterConfig
from tests.inference.releases import open_gate
from tests.models import drawn_ham

ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.timeout(400)
SMALL = ("--size", "64", "--epochs", "1", "--batch", "7")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return drawn_ham.packed(tmp_path_factory.mktemp("data") / "ham", {"train": 28, "val": 40})


@pytest.fixture(scope="module")
def runs(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    assert main(["train", "yolo", "--data", str(data), "--out", str(folder / "yolo"), *SMALL]) == 0
    fixcaps = ["train", "fixcaps", "--data", str(data), "--out", str(folder / "lesion"), "--kernel", "18", *SMALL]
    assert main([*fixcaps, "--view", "lesion"]) == 0
    fixcaps[5] = str(folder / "whole")
    assert main([*fixcaps, "--view", "whole"]) == 0
    return folder


def find_in_turned(network: Any, photos: list[Any], *given: Any, **more: Any) -> Any:
    """`find_lesions`, for photos that lie as serving turns them."""
    assert all(canonical_orientation(photo) == ORIENTATIONS[0] for photo in photos)
    return find_lesions(network, photos, *given, **more)


def export(runs: list[Path], data: Path, weights: Path, version: str = "0.1.0") -> int:
    folders = [str(run) for run in runs]
    return main(["export", *folders, "--data", str(data), "--version", version, "--weights", str(weights)])


@pytest.fixture(scope="module")
def weights(runs: Path, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A classifier retrained on other data, beside the segmenter that is released with the project."""
    folder = tmp_path_factory.mktemp("release") / "weights"
    shutil.copytree(ROOT / "weights", folder)
    open_gate(folder)
    assert export([runs / "lesion", runs / "whole"], data, folder) == 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluate, "find_lesions", find_in_turned)
        patch.setattr(evaluate, "bootstrap", partial(bootstrap, rounds=50))
        assert main(["evaluate", "--data", str(data), "--split", "val", "--weights", str(folder)]) == 0
    return folder


def test_registry_names_what_lies_there(weights: Path) -> None:
    release = RegistryFile.load(weights)
    assert release.classifier == "fixcaps-0.1.0"
    members = release.served_classifier.members
    files = [network.served for network in (release.served_segmenter, *members)]
    for file in files:
        assert hashlib.sha256((weights / file.file).read_bytes()).hexdigest() == file.sha256
        assert stat.S_IMODE((weights / file.file).stat().st_mode) & 0o044, "other users may read it"
    for entry in (release.served_classifier, release.served_segmenter):
        assert entry.licence == "CC BY-NC 4.0"
        assert "HAM10000" in entry.data
    assert set(release.served_classifier.domains) == set(DOMAINS)
    assert [member.input.view for member in members] == ["lesion", "whole"]
    trials = [trial.what for trial in release.served_classifier.trials]
    assert trials == [
        f"dermatoscope: {what}" for what in ("fixcaps, lesion, alone", "fixcaps, whole, alone", "released")
    ]
    assert release.served_classifier.domains["phone"] == release.served_classifier.domains["dermatoscope"]


def test_a_new_version_is_served_and_the_old_one_kept(
    runs: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert export([runs / "yolo"], data, tmp_path) == 0
    [entry] = RegistryFile.load(tmp_path).segmenters
    network = load_segmenter(tmp_path / entry.served.file)
    photos = [prepare(Photo(photo.pixels())).photo.pixels for photo in load_photos([data], "val").photos]
    found = find_lesions(network, photos, SegmenterConfig(size=64).frame, min_score=0.0)
    scores = [best.score if best.mask.any() else 0.0 for [best] in found]
    assert entry.min_score == pytest.approx(np.quantile(scores, LEAST_SCORE_SHARE) / 2, abs=1e-3)
    # To convert a segmenter is most of what its release takes, and this one stays the same.
    converted = (tmp_path / "yolov8n-seg-0.1.0.onnx").read_bytes()
    monkeypatch.setattr(onnx, "convert_segmenter", lambda *_: converted)
    for version in ("0.1.0", "0.2.0"):
        assert export([runs / "yolo"], data, tmp_path, version) == 0
    registry = RegistryFile.load(tmp_path)
    assert [entry.version for entry in registry.segmenters] == ["0.1.0", "0.2.0"]
    assert registry.segmenter == "yolov8n-seg-0.2.0"
    assert (tmp_path / "yolov8n-seg-0.1.0.onnx").is_file()


def test_report_holds_the_served_answers(weights: Path, data: Path, tmp_path: Path) -> None:
    pictures = load_photos([data], "val").photos
    paths = [tmp_path / f"{picture}.webp" for picture in pictures]
    for path, picture in zip(paths, pictures, strict=True):
        path.write_bytes(picture.encoded)
    command = [sys.executable, "-m", "inference", "--json", "--weights", str(weights), *map(str, paths)]
    rows = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    labels = [json.loads(row)["label"] for row in rows]
    assert any(labels), "some drawn lesions are answered, or the comparison would show nothing"
    right = sum(label == picture.dx for label, picture in zip(labels, pictures, strict=True))

    report = json.loads((weights / "report-val.json").read_text())
    assert report["photos"] == len(pictures)
    assert report["classifier"]["accuracy"][0] == pytest.approx(right / len(pictures), abs=1e-4)
    assert report["classifier"]["refused"][0] == pytest.approx(labels.count(None) / len(pictures), abs=1e-4)
    assert {f"recall_{name}" for name in CLASSES} <= set(report["classifier"])
    for figures in (report["classifier"], report["segmenter"]):
        assert all(low <= value <= high for value, low, high in figures.values() if None not in (value, low, high))
    assert report["segmenter"]["mask_map50"][0] > 0.5, "drawn lesions are plain"
    text = (weights / "report-val.md").read_text()
    assert "| Balanced accuracy (mean recall) |" in text and "| Mask mAP50-95 |" in text
    assert (weights / "report-val.png").read_bytes().startswith(b"\x89PNG")


def test_report_shows_confusion_and_reliability(weights: Path) -> None:
    report = json.loads((weights / "report-val.json").read_text())
    text = (weights / "report-val.md").read_text()
    matrix = report["confusion"]
    assert "| | akiec | bcc | bkl | df | mel | nv | scc | vasc | refused |" in text
    for name, row in matrix.items():
        assert f"| {name} | {' | '.join(map(str, row.values()))} |" in text
    total = sum(sum(row.values()) for row in matrix.values())
    assert total == report["photos"]
    assert sum(matrix[name][name] for name in CLASSES) / total == pytest.approx(
        report["classifier"]["accuracy"][0], abs=1e-4
    )
    refused = sum(row["refused"] for row in matrix.values())
    assert refused / total == pytest.approx(report["classifier"]["refused"][0], abs=1e-4)
    bins = report["reliability"]
    assert sum(each["photos"] for each in bins) == total - refused
    gap = sum(each["photos"] * abs(each["mean"] - each["right"]) for each in bins) / (total - refused)
    assert gap == pytest.approx(report["classifier"]["ece"][0], abs=1e-4)
    for each in bins:
        shown = " | ".join([str(each["photos"]), f"{each['mean']:.3f}", f"{each['right']:.3f}"])
        assert f"| {each['low']:.3f} to {each['high']:.3f} | {shown} |" in text


def test_thresholds_and_calibration_are_fitted_to_what_is_served(weights: Path, data: Path) -> None:
    photos = load_photos([data], "val")
    served = list(serve(photos.photos, read_encoded, weights, checked=False))
    assert all(analysis.label for analysis in served), "every drawn lesion is outlined"
    found = collect(served, photos.labels, photos.groups).probabilities
    release = RegistryFile.load(weights)
    members = release.served_classifier.members
    outputs = ReleasedNetworks(weights, release.served_segmenter, members).outputs(
        photo.pixels() for photo in photos.photos
    )
    domain = release.served_classifier.domains["dermatoscope"]
    np.testing.assert_allclose(Calibration(domain.slopes, domain.bias)(outputs.odds), found, atol=1e-4)
    fitted = fit_domain(outputs.odds, photos.labels, evened(photos.labels), list(photos.groups), 0.95)
    assert (domain.suspicious, domain.melanoma) == pytest.approx((fitted.suspicious, fitted.melanoma), abs=2e-4)


def test_figures_of_the_report_stand_in_registry_and_cards(weights: Path) -> None:
    report = json.loads((weights / "report-val.json").read_text())
    release = RegistryFile.load(weights)
    for kind, entry in (("classifier", release.served_classifier), ("segmenter", release.served_segmenter)):
        recorded = entry.metrics["val"]
        assert recorded == {name: tuple(found) for name, found in report[kind].items() if None not in found}
        card = (weights / f"{entry.key}.md").read_text()
        networks = [entry] if kind == "segmenter" else entry.members
        assert all(network.served.sha256 in card for network in networks)
        name = "balanced_accuracy" if kind == "classifier" else "mask_map"
        assert f"{recorded[name][0]:.3f} [{recorded[name][1]:.3f}, {recorded[name][2]:.3f}]" in card


def test_network_files_are_written_anew_from_their_own_weights(weights: Path, data: Path, tmp_path: Path) -> None:
    copied = Path(shutil.copytree(weights, tmp_path / "weights"))
    everything = RegistryFile.load(copied)
    release = everything.model_copy(update={"classifiers": (everything.served_classifier,)})
    release.save(copied)
    parts = (release.served_segmenter, *release.served_classifier.members)
    for part in parts:
        path = copied / part.served.file
        older = onnx_library.load(path)
        older.doc_string = "of an older form"
        path.write_bytes(older.SerializeToString())
    assert main(["convert", "--weights", str(copied)]) == 0
    photos = load_photos([data], "val").photos[:3]
    before, after = (
        [dict(analysis.probabilities) for analysis in serve(photos, read_encoded, folder, checked=False)]
        for folder in (weights, copied)
    )
    assert before == after and all(before)
    converted = RegistryFile.load(copied)
    for part in (converted.served_segmenter, *converted.served_classifier.members):
        sha256 = hashlib.sha256((copied / part.served.file).read_bytes()).hexdigest()
        assert part.served.sha256 == sha256
        assert not onnx_library.load(copied / part.served.file).doc_string, "it is written anew"
    assert converted.served_classifier.model_dump(exclude={"members"}) == release.served_classifier.model_dump(
        exclude={"members"}
    )
    assert converted.served_gate == release.served_gate, "it goes by a network that is not among these"

    member = converted.served_classifier.members[0]
    stale = FileEntry(file=member.served.file, sha256="0" * 64)
    converted.replace(converted.served_gate.with_changes(backbone=stale)).save(copied)
    assert main(["convert", "--weights", str(copied)]) == 0
    assert RegistryFile.load(copied).served_gate.backbone == member.served


def test_a_released_network_is_joined_with_a_new_one(weights: Path, runs: Path, data: Path, tmp_path: Path) -> None:
    copied = Path(shutil.copytree(weights, tmp_path / "weights"))
    before = {member.input.view: member for member in RegistryFile.load(copied).served_classifier.members}
    assert export([runs / "lesion", copied / before["whole"].served.file], data, copied, "0.2.0") == 0
    new, kept = RegistryFile.load(copied).served_classifier.members
    assert new.served.file == "fixcaps-0.2.0-lesion.onnx"
    assert kept == before["whole"], "it keeps its files"


def test_a_released_segmenter_is_released_again_with_its_files(weights: Path, data: Path, tmp_path: Path) -> None:
    copied = Path(shutil.copytree(weights, tmp_path / "weights"))
    before = RegistryFile.load(copied).served_segmenter
    assert export([copied / before.served.file], data, copied, "0.2.0") == 0
    again = RegistryFile.load(copied).served_segmenter
    assert again.key == f"{before.name}-0.2.0"
    kept = {"served", "input"}
    assert again.model_dump(include=kept) == before.model_dump(include=kept)


def test_exporting_what_is_not_released_is_one_line(
    weights: Path, runs: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert export([runs / "lesion" / "other.onnx"], data, weights) == 1
    assert "no registry of weights lies beside it" in capsys.readouterr().err
    assert export([weights / "other.onnx"], data, weights) == 1
    assert "lists no such network" in capsys.readouterr().err


def test_exporting_no_run_is_one_line(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert export([tmp_path], data, tmp_path / "weights") == 1
    assert "no training run is there" in capsys.readouterr().err


def test_networks_that_do_not_belong_together_are_not_released(
    runs: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert export([runs / "yolo", runs / "yolo"], data, tmp_path) == 1
    assert "one segmenter" in capsys.readouterr().err
    assert export([runs / "lesion"], data, tmp_path) == 1
    assert "release one first" in capsys.readouterr().err
    assert not (tmp_path / "registry.json").exists()


def test_a_card_leaves_the_place_of_an_undefined_figure_empty(weights: Path, tmp_path: Path) -> None:
    """Small splits may hold no melanoma, say, and what is not defined is not recorded."""
    entry = RegistryFile.load(weights).served_classifier
    known = entry.metrics["val"]
    other = {name: value for name, value in known.items() if name != "accuracy"}
    write_card(entry.model_copy(update={"metrics": {"val": known, "test": other}}), tmp_path)
    card = (tmp_path / f"{entry.key}.md").read_text()
    assert f"| Accuracy | {text(known['accuracy'])} |  |" in card
    assert f"| Macro-F1 | {text(known['macro_f1'])} | {text(known['macro_f1'])} |" in card

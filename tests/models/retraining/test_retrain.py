"""The next version is made from the sets and the pool, goes on after a stop, and is not published."""

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from rich.console import Console

from inference.registry.file import RegistryFile
from models.__main__ import main
from models.data.boxes import Boxes
from models.data.pictures import NO_CLASS, load_photos
from models.errors import DataError, TrainingError
from models.release import publish as publishing
from models.retraining import memory
from models.retraining.outlines import boxes_file
from models.retraining.progress import FILE
from models.retraining.retrain import following, run_in
from models.training.classification import Classification, ClassifierConfig
from models.training.loop import Recipe, Run, read_config
from tests.inference.releases import CLASSIFIER_FILE, write_release
from tests.models import drawn_ham, drawn_sets

ROOT = Path(__file__).parents[3]
SMALL = ("--epochs", "2", "--batch", "8", "--version", "0.1.0")
NEW = "fixcaps-0.1.0"
pytestmark = pytest.mark.timeout(400)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """On a busy machine, the threads of torch wait for each other longer than they work."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return drawn_ham.packed(tmp_path_factory.mktemp("data") / "ham", {"train": 16, "val": 40})


@pytest.fixture(scope="module")
def pool(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return drawn_sets.pool(tmp_path_factory.mktemp("pool") / "pool", people=20)


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What serves: a network that reads the lesion's crop."""
    return write_release(tmp_path_factory.mktemp("release"))


@pytest.fixture
def weights(release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(publishing, "ROUNDS", 20)
    monkeypatch.setattr("models.evaluation.kinds.ROUNDS", 5)
    return Path(shutil.copytree(release, tmp_path / "weights"))


def command(data: Path, pool: Path, weights: Path, out: Path, *more: str) -> list[str]:
    folders = ["--data", str(data), "--pool", str(pool), "--weights", str(weights), "--out", str(out)]
    return ["retrain", *folders, *(more or SMALL)]


def progress(out: Path) -> dict[str, object]:
    path = out / FILE
    return dict(json.loads(path.read_text())) if path.is_file() else {}


def test_a_stopped_retraining_goes_on_and_ends_as_a_candidate_beside_what_serves(
    data: Path, pool: Path, weights: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    untouched = {path.name: path.read_bytes() for path in weights.iterdir()}
    long = ("--epochs", "500", "--batch", "8", "--version", "0.1.0")
    words = [sys.executable, "-m", "models", *command(data, pool, weights, out, *long)]
    with subprocess.Popen(words, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        while int(str(progress(out).get("epoch", 0))) < 2:
            assert process.poll() is None, process.stderr and process.stderr.read()
            time.sleep(0.05)
        during = progress(out)
        assert main(command(data, pool, weights, out)) == 1, "one at a time in a folder"
        assert "a retraining is going on there already" in capfd.readouterr().err
        process.send_signal(signal.SIGTERM)
        _, error = process.communicate()
    assert process.returncode == 1 and "cancelled; run the same command to continue" in error
    assert (during["network"], during["number"], during["of"], during["epochs"]) == ("fixcaps", 1, 1, 500)
    assert during["version"] == "0.1.0" and float(str(during["seconds_left"])) > 0
    assert progress(out)["state"] == "cancelled" and not (out / "candidate").exists()
    rows = (out / "fixcaps-lesion" / "curves.csv").read_text().splitlines()
    assert len(rows) >= 2, "what was learnt is kept"
    # The same settings go on; others begin anew.
    assert main(command(data, pool, weights, out)) == 0
    assert len((out / "fixcaps-lesion" / "curves.csv").read_text().splitlines()) == 3
    assert "made fixcaps-0.1.0; publish it with: publish" in capfd.readouterr().out
    assert {path.name: path.read_bytes() for path in weights.iterdir()} == untouched, "nothing is published"
    assert read_config(out / "fixcaps-lesion")["boxes"] == str(*out.glob("boxes-*.json"))
    end = progress(out)
    assert (end["state"], end["candidate"]) == ("finished", str(out / "candidate"))
    assert {figure["kind"] for figure in end["figures"]} == {"HAM10000, dermatoscope", "Training pool of the bot"}  # type: ignore[attr-defined]
    for key in ("fixcaps-0.0.1", NEW):
        table = json.loads((out / f"kinds-{key}.json").read_text())["tables"]["By set and kind of picture"]
        assert list(table) == ["HAM10000, dermatoscope", "Training pool of the bot"]
    assert RegistryFile.load(out / "candidate").classifier == NEW
    publish = ["publish", str(out / "candidate"), "--data", str(data), "--weights", str(weights), "--force"]
    assert main(publish) == 0
    assert RegistryFile.load(weights).find_classifier(NEW).version == "0.1.0"


def test_a_run_goes_on_and_begins_anew_without_a_photo_that_was_taken_back(
    data: Path, pool: Path, weights: Path, tmp_path: Path
) -> None:
    folder, given = tmp_path / "run", Path(shutil.copytree(pool, tmp_path / "pool"))

    def run(epochs: int) -> Run:
        recipe = Recipe(epochs, batch=8, rate=1e-3, decay=0.0, average=0.9)
        shape = ClassifierConfig(size=64, kernel=18, view="whole")
        return run_in(folder, Classification([data, given], shape, recipe), weights / CLASSIFIER_FILE)

    run(1).train(Console(quiet=True))
    assert run(1).epoch == 1, "nothing is left to do"
    assert run(2).epoch == 0, "another length is another training"
    run(1).train(Console(quiet=True))
    table = (given / "labels.csv").read_text().splitlines()
    kept = [row for row in table if not row.startswith(f"{trained(given)},")]
    (given / "labels.csv").write_text("\n".join(kept) + "\n")
    assert run(1).epoch == 0 and not (folder / "best.safetensors").exists()


def trained(pool: Path) -> str:
    """The number of a photo that is learnt from."""
    return load_photos([pool], "train").where(lambda photo: photo.label != NO_CLASS)[0].image_id.removeprefix("pool_")


def test_photos_without_a_mask_are_outlined_once_by_the_served_segmenter(
    data: Path, pool: Path, weights: Path, tmp_path: Path
) -> None:
    given = Path(shutil.copytree(pool, tmp_path / "pool"))
    path = boxes_file([data, given], weights, tmp_path)
    bare = [photo.image_id for photo in load_photos([given], "train").photos if photo.outline is None]
    boxes = Boxes.read(path).found
    assert boxes and boxes.keys() <= set(bare)
    assert all(0 <= low < high <= 1 for x1, y1, x2, y2 in boxes.values() for low, high in ((x1, x2), (y1, y2)))
    before = path.stat().st_mtime_ns
    assert boxes_file([data, given], weights, tmp_path) == path and path.stat().st_mtime_ns == before
    table = (given / "labels.csv").read_text().splitlines()
    gone = bare[0].removeprefix("pool_")
    (given / "labels.csv").write_text("\n".join(row for row in table if not row.startswith(f"{gone},")) + "\n")
    assert boxes_file([data, given], weights, tmp_path) != path and not path.exists(), "they are of other photos"


def test_a_person_is_on_one_side_and_what_is_no_class_keeps_its_label(pool: Path) -> None:
    train, held_out, val = (load_photos([pool], split) for split in ("train", "test", "val"))
    assert len(train) + len(held_out) == 40 and len(held_out) >= 2 and len(val) == 0
    assert not set(train.groups) & set(held_out.groups)
    every = [*train.photos, *held_out.photos]
    assert {photo.dx for photo in every if photo.label == NO_CLASS} == {"other", "not_lesion"}
    masked = next(photo for photo in every if photo.outline)
    mask = masked.mask()
    assert mask is not None and mask.shape == masked.pixels().shape[:2] and masked.domain == "phone"
    assert {photo.source for photo in every} == {"pool"}


def test_a_pool_with_an_unknown_label_is_refused(pool: Path, tmp_path: Path) -> None:
    broken = Path(shutil.copytree(pool, tmp_path / "pool"))
    table = broken / "labels.csv"
    table.write_text(table.read_text().replace("not_lesion", "wart"))
    with pytest.raises(DataError, match="has the label 'wart'"):
        load_photos([broken], "train")


def test_short_memory_is_refused_with_what_is_needed_and_what_there_is(
    data: Path, pool: Path, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setattr(memory, "available", lambda: 700_000_000)
    assert main(command(data, pool, weights, tmp_path / "out")) == 1
    error = capsys.readouterr().err
    assert "retraining needs about 1.5 GB, and 0.7 GB is free" in error
    assert progress(tmp_path / "out")["state"] == "failed" and "memory is short" in str(
        progress(tmp_path / "out")["error"]
    )


def test_a_container_with_less_memory_than_its_machine_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    free = memory.available()
    assert free is not None and free > 0
    (tmp_path / "memory.max").write_text("1000\n")
    (tmp_path / "memory.current").write_text("400\n")
    monkeypatch.setattr(memory, "_CGROUP", tmp_path)
    assert memory.available() == 600


def test_a_network_that_does_not_serve_is_refused(
    data: Path, pool: Path, weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command(data, pool, weights, tmp_path / "out", "--networks", "resnet50")) == 1
    assert "fixcaps-0.0.1 has no network resnet50" in capsys.readouterr().err


def test_the_next_version_is_a_minor_one() -> None:
    assert following("2.1.0") == "2.2.0"
    with pytest.raises(TrainingError, match="name one with --version"):
        following("new")

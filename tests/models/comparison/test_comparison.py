"""``python -m models compare`` end to end, on tiny networks of the families that are compared."""

import csv
import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from onnxruntime import InferenceSession
from rich.console import Console

from inference.registry.file import RegistryFile
from inference.registry.tensors import EXPLAIN, LOG_ODDS, SQUARES
from models.__main__ import main
from models.commands.release import WEIGHTS
from models.comparison import embedding, released, rows, scoring, table, trained, zero_shot
from models.comparison.bench import Bench, Row, cut, mask_boxes
from models.data.pictures import TITLES, load_photos
from models.errors import ComparisonError
from models.networks import others, zoo
from models.training.classification import Classification, ClassifierConfig, recipe_for
from tests.models import drawn_ham, drawn_sets, tiny_networks

SVMS = {"dinov2-base-svm": ("tiny_dinov2.random", 70), "swinv2-svm": ("tiny_swinv2.random", 64)}
SIZES: dict[zoo.Name, int] = {
    "resnet50": 64, "vit-b16": 64, "dinov2-lora": 70, "yolov8n-cls": 64,
    "fixcaps": 64, "fixcaps-ds": 64, "fixcaps-published": 64,
}  # fmt: skip


def train_row(name: zoo.Name, epochs: int = 1) -> Row:
    config = ClassifierConfig(name=name, size=SIZES[name])
    recipe = replace(recipe_for(name), epochs=epochs, batch=7)
    make = partial(trained.reader, config=config, recipe=recipe)
    return Row(name, f"Tiny {name}", make, batched=name == "fixcaps-published")


def svm_row(name: str) -> Row:
    architecture, size = SVMS[name]
    return Row(name, f"Tiny {name}", partial(embedding.reader, architecture=architecture, size=size))


CLIP_ROW = Row("clip-zero-shot", "Tiny CLIP", partial(zero_shot.reader, model=tiny_networks.CLIP, weights="random"))
OTHERS: tuple[zoo.Name, ...] = ("resnet50", "vit-b16", "dinov2-lora", "fixcaps-published")
TINY = (*map(train_row, OTHERS), *map(svm_row, SVMS), CLIP_ROW)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return drawn_ham.packed(tmp_path_factory.mktemp("data") / "ham", {"train": 14, "val": 7})


@pytest.fixture(autouse=True)
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that runs are written in and that holds an empty hub."""
    (tmp_path / "hub").mkdir()
    tiny_networks.empty_hub(tmp_path / "hub", monkeypatch)
    monkeypatch.chdir(tmp_path)
    architectures = {"resnet50": 0, "vit-b16": 1, "dinov2-lora": 2}
    monkeypatch.setattr(
        others, "ARCHITECTURES", {name: tiny_networks.TIMM[index] for name, index in architectures.items()}
    )
    monkeypatch.setattr(scoring, "ROUNDS", 5)
    monkeypatch.setattr(scoring, "TIMED", 3)
    return tmp_path


def compare(data: Path, monkeypatch: pytest.MonkeyPatch, *chosen: Row) -> list[dict[str, str]]:
    """Run the command with these rows; returns the lines of its CSV file."""
    monkeypatch.setattr(rows, "ROWS", chosen)
    assert main(["compare", "--data", str(data), "--out", "out"]) == 0
    with Path("out/comparison-val.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def bench(data: Path) -> Bench:
    return Bench((data,), WEIGHTS, Path("runs"), None, torch.device("cpu"), Console(stderr=True))


def test_every_row_is_made_asked_and_timed_where_weights_can_be_had(
    data: Path, workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny_networks.fill_hub(workplace / "hub")
    lines = compare(data, monkeypatch, *TINY)
    assert {row.name for row in TINY} <= {row.name for row in rows.ROWS}
    assert [line["row"] for line in lines if line["asked"] == "alone"] == [row.name for row in TINY]
    assert [line["asked"] for line in lines if line["row"] == "fixcaps-published"] == ["alone", "sorted", "shuffled"]
    assert len(lines) == len(TINY) + 2
    for line in lines:
        assert 0 <= float(line["balanced_accuracy_low"]) <= float(line["balanced_accuracy_high"]) <= 1
        assert (float(line["ms"]) > 0) if line["asked"] == "alone" else line["ms"] == ""
    shown = Path("out/comparison-val.md").read_text()
    assert all(f"| {row.title} |" in shown for row in TINY)
    assert shown.count("| Tiny fixcaps-published, in") == 2
    assert Path("out/comparison-val.png").read_bytes().startswith(b"\x89PNG")

    def never(*_: object) -> Any:
        raise AssertionError("a finished row is made again")

    assert compare(data, monkeypatch, *(replace(row, make=never) for row in TINY)) == lines


def test_a_row_without_weights_says_so_and_is_tried_again(
    data: Path, workplace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    needy = (train_row("resnet50"), svm_row("dinov2-base-svm"), CLIP_ROW)
    lines = compare(data, monkeypatch, *needy)
    assert all(line["how"].startswith("weights not available here: ") for line in lines)
    assert Path("out/comparison-val.md").read_text().count("| weights not available here: ") == len(needy)
    assert "Error" not in capsys.readouterr().err
    tiny_networks.fill_hub(workplace / "hub")
    assert all(float(line["accuracy"]) >= 0 for line in compare(data, monkeypatch, *needy))


def test_a_killed_comparison_goes_on_where_it_was(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = train_row("fixcaps-ds"), train_row("yolov8n-cls", epochs=2)
    validate, calls = Classification.validate, []

    def killed(*arguments: Any) -> Any:
        calls.append(arguments)
        if len(calls) == 3:  # the second epoch of the second row
            raise KeyboardInterrupt
        return validate(*arguments)

    monkeypatch.setattr(Classification, "validate", killed)
    with pytest.raises(KeyboardInterrupt):
        compare(data, monkeypatch, first, second)
    kept = json.loads(Path("out/rows-val/fixcaps-ds.json").read_bytes())
    epoch = Path("runs/yolov8n-cls/curves.csv").read_text()
    lines = compare(data, monkeypatch, first, second)
    assert len(calls) == 4, "an epoch that was done was trained again"
    assert Path("runs/yolov8n-cls/curves.csv").read_text().startswith(epoch)
    assert [line["row"] for line in lines] == ["fixcaps-ds", "yolov8n-cls"]
    assert json.loads(Path("out/rows-val/fixcaps-ds.json").read_bytes())["results"] == kept["results"]


def test_a_run_that_is_there_is_asked_anew_for_another_protocol(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = ["train", "fixcaps", "--data", str(data), "--size", "72", "--epochs", "1", "--batch", "7"]
    assert main([*command, "--view", "whole", "--out", "runs/fixcaps"]) == 0
    monkeypatch.setattr(rows, "ROWS", (train_row("fixcaps"),))
    assert main(["compare", "--data", str(data), "--out", "out"]) == 1, "it looks at something else"
    assert main([*command, "--out", "runs/fixcaps"]) == 0
    before = Path("runs/fixcaps/best.safetensors").stat().st_mtime_ns
    assert [line["input_px"] for line in compare(data, monkeypatch, train_row("fixcaps"))] == ["72"]
    assert main(["compare", "--data", str(data), "--out", "out", "--limit", "5"]) == 0
    assert json.loads(Path("out/rows-val/fixcaps.json").read_bytes())["protocol"]["photos"] == {"ham10000": 5}
    assert "## HAM10000, dermatoscope: 5 photos" in Path("out/comparison-val.md").read_text()
    assert Path("runs/fixcaps/best.safetensors").stat().st_mtime_ns == before


@pytest.mark.parametrize(("name", "view"), [("efficientnet-lite0", "lesion"), ("fixcaps", "whole")])
def test_a_released_row_is_the_network_that_is_served(data: Path, name: str, view: str) -> None:
    row = next(row for row in rows.ROWS if row.name == name)
    reader = row.make(bench(data), row.name)
    members = RegistryFile.load(WEIGHTS).served_classifier.members
    [served] = [each.served.file for each in members if each.network == row.name]
    photos = torch.randint(0, 256, (2, reader.size, reader.size, 3), dtype=torch.uint8)
    session = InferenceSession(WEIGHTS / served, providers=["CPUExecutionProvider"])
    [expected] = session.run([LOG_ODDS], {SQUARES: photos.numpy(), EXPLAIN: np.array(False)})
    assert reader.origin.startswith("released in ") and reader.view == view
    torch.testing.assert_close(reader(photos), torch.from_numpy(expected), atol=1e-3, rtol=0)
    with pytest.raises(ComparisonError, match="no release has a resnet50"):
        released.reader(bench(data), "resnet50", network="resnet50")


def test_a_row_of_whole_photos_reads_no_box(data: Path) -> None:
    photos = load_photos([data], "val", 3)
    boxes = mask_boxes(photos)
    assert torch.equal(cut(photos, boxes, 32, "whole"), cut(photos, [None] * len(photos), 32, "whole"))
    assert not torch.equal(cut(photos, boxes, 32, "whole"), cut(photos, boxes, 32, "lesion"))


def test_an_unknown_row_is_an_error(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "--data", str(data), "--rows", "resnet51"]) == 1
    assert "no row is called resnet51" in capsys.readouterr().err


def test_the_support_vector_machine_reads_what_the_network_sees(data: Path, workplace: Path) -> None:
    tiny_networks.fill_hub(workplace / "hub")
    row = svm_row("swinv2-svm")
    reader = row.make(bench(data), row.name)
    photos = load_photos([data], "train")
    squares = cut(photos, mask_boxes(photos), reader.size)
    answers = scoring.ask(reader, squares, photos.labels, "alone", Console(stderr=True)).argmax(1).numpy()
    assert (answers == photos.labels).mean() > 0.8, "of the pictures that it learnt from"


def test_every_figure_of_the_table_has_a_head() -> None:
    assert tuple(table.HEADS) == scoring.FIGURES


def test_each_set_and_kind_of_picture_has_a_table_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    roots = drawn_sets.all_sets(tmp_path / "sets", {"train": 9, "val": 8})
    monkeypatch.setattr(rows, "ROWS", (train_row("fixcaps"),))
    monkeypatch.setattr("models.training.classification.DRAWS", dict.fromkeys(TITLES, 7))
    assert main(["compare", "--data", *map(str, roots), "--out", "out"]) == 0
    with Path("out/comparison-val.csv").open(newline="") as file:
        found = [(line["source"], line["row"]) for line in csv.DictReader(file)]
    titles = {source: title for source, title in TITLES.items() if source != "pool"}  # that has none here
    assert found == [(source, "fixcaps") for source in titles]
    shown = Path("out/comparison-val.md").read_text()
    assert all(f"## {title}: 8 photos" in shown for title in titles.values())

"""A training can be killed at any moment, and its continuation has the same result."""

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from models.__main__ import main
from models.training.loop import low_precision
from tests.models import drawn_ham

ROOT = Path(__file__).parents[3]
NETWORKS = {
    "fixcaps": ("--size", "64", "--kernel", "18", "--batch", "4"),
    "yolo": ("--size", "64", "--batch", "4"),
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return drawn_ham.packed(tmp_path_factory.mktemp("data") / "ham", {"train": 40, "val": 8})


def command(network: str, data: Path, out: Path, *more: str) -> list[str]:
    arguments = ("train", network, "--data", str(data), "--out", str(out), "--epochs", "3", *NETWORKS[network], *more)
    return [sys.executable, "-m", "models", *arguments]


def curves(run: Path) -> list[dict[str, str]]:
    with (run / "curves.csv").open(newline="") as file:
        return [{key: value for key, value in row.items() if key != "seconds"} for row in csv.DictReader(file)]


@pytest.mark.timeout(900)
@pytest.mark.parametrize("network", NETWORKS)
def test_killed_and_resumed_run_ends_as_the_unbroken_one(network: str, data: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    subprocess.run(command(network, data, whole), cwd=ROOT, env=environment, check=True)

    killed = subprocess.Popen(command(network, data, broken), cwd=ROOT, env=environment)
    while not (broken / "state.pt").exists():  # the first epoch is saved, the second is under way
        assert killed.poll() is None
        time.sleep(0.01)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert len(curves(broken)) < 3, "killed before its end"
    subprocess.run(command(network, data, broken, "--resume"), cwd=ROOT, env=environment, check=True)

    assert curves(broken) == curves(whole)
    assert [row["epoch"] for row in curves(whole)] == ["1", "2", "3"]
    assert (whole / "curves.png").read_bytes().startswith(b"\x89PNG")
    states = [torch.load(run / "state.pt", weights_only=True) for run in (whole, broken)]
    for kind in ("network", "average"):
        for name, value in states[0][kind].items():
            assert torch.equal(value, states[1][kind][name]), name
    best = [load_file(run / "best.safetensors") for run in (whole, broken)]
    assert all(torch.equal(best[0][name], best[1][name]) for name in best[0])


def test_resuming_nothing_is_an_error(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = command("fixcaps", data, tmp_path / "empty", "--resume")[3:]
    assert main(arguments) == 1
    assert "nothing to resume" in capsys.readouterr().err


def test_a_run_killed_in_its_first_epoch_begins_again(data: Path, tmp_path: Path) -> None:
    first = command("fixcaps", data, tmp_path / "first", "--epochs", "1")[3:]
    assert main(first) == 0
    start = ("--start", str(tmp_path / "first" / "best.safetensors"))
    whole, broken = (command("fixcaps", data, tmp_path / name, "--epochs", "1", *start)[3:] for name in ("a", "b"))
    (tmp_path / "b").mkdir()  # all that such a run leaves
    assert [main(whole), main([*broken, "--resume"])] == [0, 0]
    assert curves(tmp_path / "a") == curves(tmp_path / "b")
    assert curves(tmp_path / "a") != curves(tmp_path / "first")


def test_resuming_another_configuration_is_an_error(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = command("fixcaps", data, tmp_path / "run", "--epochs", "1")[3:]
    assert main(first) == 0
    assert main([*first, "--resume", "--seed", "9"]) == 1
    assert "was started with recipe" in capsys.readouterr().err


def test_rate_and_margin_are_those_asked_for(data: Path, tmp_path: Path) -> None:
    asked = command("fixcaps", data, tmp_path / "run", "--epochs", "1", "--rate", "3e-4", "--margin", "2.2")[3:]
    assert main(asked) == 0
    settings = torch.load(tmp_path / "run" / "state.pt", weights_only=True)["settings"]
    assert (settings["recipe"]["rate"], settings["config"]["margin"]) == (3e-4, 2.2)


def test_resuming_with_other_data_or_weights_is_an_error(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = command("fixcaps", data, tmp_path / "first", "--epochs", "1")[3:]
    assert main(first) == 0
    best = tmp_path / "first" / "best.safetensors"
    assert main([*first, "--resume", "--limit", "20"]) == 1
    assert "was started with data 40 pictures" in capsys.readouterr().err
    other = drawn_ham.packed(tmp_path / "other", {"test": 1, "train": 40, "val": 8})
    assert main([*command("fixcaps", other, tmp_path / "first", "--epochs", "1")[3:], "--resume"]) == 1
    assert "was started with data 40 pictures" in capsys.readouterr().err
    assert main([*first, "--resume", "--start", str(best)]) == 1
    assert "was started with start random weights, not weights with SHA-256" in capsys.readouterr().err
    moved = data.rename(tmp_path / "moved")
    assert main([*command("fixcaps", moved, tmp_path / "first", "--epochs", "1")[3:], "--resume"]) == 0
    moved.rename(data)


def test_a_started_run_is_resumed_with_the_same_weights_alone(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(command("fixcaps", data, tmp_path / "first", "--epochs", "1")[3:]) == 0
    best, moved = tmp_path / "first" / "best.safetensors", tmp_path / "moved.safetensors"
    second = command("fixcaps", data, tmp_path / "second", "--epochs", "1")[3:]
    assert main([*second, "--start", str(best)]) == 0
    best.rename(moved)
    assert main([*second, "--resume", "--start", str(moved)]) == 0
    for start in ([], ["--start", str(tmp_path / "second" / "best.safetensors")]):
        assert main([*second, "--resume", *start]) == 1
        assert "was started with start weights with SHA-256" in capsys.readouterr().err


def test_a_state_that_does_not_name_its_data_is_refused(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = command("fixcaps", data, tmp_path / "run", "--epochs", "1")[3:]
    assert main(first) == 0
    state = torch.load(tmp_path / "run" / "state.pt", weights_only=True)
    del state["settings"]["data"], state["settings"]["start"]
    torch.save(state, tmp_path / "run" / "state.pt")
    assert main([*first, "--resume"]) == 1
    assert "was saved by another version" in capsys.readouterr().err


def test_a_run_can_start_from_the_weights_of_another(data: Path, tmp_path: Path) -> None:
    first = command("fixcaps", data, tmp_path / "first", "--epochs", "1")[3:]
    second = command("fixcaps", data, tmp_path / "second", "--epochs", "1", "--seed", "2")[3:]
    third = command("fixcaps", data, tmp_path / "third", "--epochs", "1", "--seed", "2")[3:]
    best = tmp_path / "first" / "best.safetensors"
    assert [main(first), main([*second, "--start", str(best)]), main(third)] == [0, 0, 0]
    before, after, apart = (
        load_file(tmp_path / name / "best.safetensors")["digits.weight"] for name in ("first", "second", "third")
    )
    assert (after - before).norm() < (apart - before).norm() / 2


def test_foreign_starting_weights_are_an_error(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    foreign = tmp_path / "foreign.safetensors"
    foreign.write_bytes(b"nothing of the kind")
    assert main([*command("fixcaps", data, tmp_path / "run")[3:], "--start", str(foreign)]) == 1
    assert str(foreign) in capsys.readouterr().err


def test_missing_data_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "yolo", "--data", str(tmp_path), "--out", str(tmp_path / "run")]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_bfloat16_is_used_on_a_gpu() -> None:
    assert low_precision(torch.device("cuda")) is torch.bfloat16

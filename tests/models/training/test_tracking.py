"""A training is tracked in MLflow, in a real SQLite store of it; a store that is out of reach ends no training."""

import logging
import shutil
from pathlib import Path
from typing import Any

import pytest

from models.training.tracking import ADDRESS, EXPERIMENT, RUN_FILE, tracked

# MLflow's own use of SQLAlchemy, and its import of what this project does not install.
pytestmark = pytest.mark.filterwarnings("ignore")

SETTINGS = {"recipe": {"epochs": 2, "rate": 0.001}, "start": "random weights"}


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with its tables, which take MLflow some seconds to make."""
    from mlflow import MlflowClient

    path = tmp_path_factory.mktemp("mlflow") / "mlflow.db"
    MlflowClient(f"sqlite:///{path}").search_experiments()
    return path


@pytest.fixture
def store(empty: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    address = f"sqlite:///{shutil.copy(empty, tmp_path)}"
    monkeypatch.setenv(ADDRESS, address)
    return address


def run_of(store: str, folder: Path) -> tuple[Any, Any]:
    from mlflow import MlflowClient

    client = MlflowClient(store)
    return client, client.get_run((folder / RUN_FILE).read_text())


def test_a_resumed_training_continues_its_run_with_settings_and_figures(store: str, tmp_path: Path) -> None:
    folder = tmp_path / "fixcaps"
    folder.mkdir()
    with pytest.raises(KeyboardInterrupt), tracked(folder, SETTINGS) as note:
        note({"epoch": 1, "loss": 0.5, "accuracy": 0.7})
        raise KeyboardInterrupt
    client, run = run_of(store, folder)
    assert (run.info.status, run.info.run_name) == ("KILLED", "fixcaps")
    assert run.data.params == {"recipe.epochs": "2", "recipe.rate": "0.001", "start": "random weights"}
    with tracked(folder, SETTINGS) as note:
        note({"epoch": 2, "loss": 0.4, "accuracy": 0.8})
    client, run = run_of(store, folder)
    assert run.info.status == "FINISHED"
    losses = [(each.step, each.value) for each in client.get_metric_history(run.info.run_id, "loss")]
    assert losses == [(1, 0.5), (2, 0.4)]
    experiment = client.get_experiment_by_name(EXPERIMENT)
    assert len(client.search_runs([experiment.experiment_id])) == 1


def test_a_training_that_fails_is_told_from_one_that_was_interrupted(store: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError), tracked(tmp_path, SETTINGS):
        raise ValueError
    assert run_of(store, tmp_path)[1].info.status == "FAILED"


def test_without_an_address_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ADDRESS, raising=False)
    monkeypatch.chdir(tmp_path)
    with tracked(tmp_path, SETTINGS) as note:
        note({"epoch": 1, "loss": 0.5})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("lost", ["at the start", "later"])
def test_a_store_out_of_reach_is_one_warning(
    store: str, lost: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    if lost == "at the start":
        monkeypatch.setenv(ADDRESS, f"{store}/below-a-file.db")
    with caplog.at_level(logging.WARNING, "models.training.tracking"), tracked(tmp_path, SETTINGS) as note:
        (tmp_path / "mlflow.db").unlink(missing_ok=True)
        for epoch in (1, 2):
            note({"epoch": epoch, "loss": 0.5})
    said = [each.getMessage() for each in caplog.records if each.name == "models.training.tracking"]
    assert len(said) == 1 and said[0].startswith("the training is not tracked in MLflow any more")

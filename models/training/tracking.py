"""Tracks trainings in MLflow, if it is installed and MLFLOW_TRACKING_URI names a server or database."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from mlflow import MlflowClient

ADDRESS: Final = "MLFLOW_TRACKING_URI"
EXPERIMENT: Final = "lesion-triage"
RUN_FILE: Final = "mlflow-run"
"""File in the folder of the training with the id of its MLflow run. A resumed training continues this run."""

Note = Callable[[dict[str, float]], None]
"""Takes the figures of an epoch, with its number as `epoch`."""

logger = logging.getLogger(__name__)


@contextmanager
def tracked(folder: Path, settings: dict[str, Any]) -> Iterator[Note]:
    """Track the training of this folder while the block runs: it ends as FINISHED, FAILED or KILLED.

    If the server cannot be reached, the tracking ends with a warning. The training continues.

    Args:
        folder: of the training.
        settings: nested; each innermost value becomes a parameter.
    """
    run = _Run.begun(folder, settings)
    if run is None:
        yield lambda _: None
        return
    try:
        yield run.note
    except BaseException as error:
        run.end("FAILED" if isinstance(error, Exception) else "KILLED")
        raise
    run.end("FINISHED")


class _Run:
    def __init__(self, client: MlflowClient, run_id: str) -> None:
        self._client: MlflowClient | None = client
        self._id = run_id

    @classmethod
    def begun(cls, folder: Path, settings: dict[str, Any]) -> _Run | None:
        if not os.environ.get(ADDRESS):
            return None
        # Only the named server may learn anything about a training.
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
        try:
            from mlflow import MlflowClient
        except ImportError:
            logger.warning("%s is set, but MLflow is not installed: the training is not tracked", ADDRESS)
            return None
        file = folder / RUN_FILE
        try:
            client = MlflowClient()
            if file.is_file():
                run = cls(client, file.read_text(encoding="utf-8"))
                client.update_run(run._id, "RUNNING")
                return run
            found = client.get_experiment_by_name(EXPERIMENT)
            experiment = found.experiment_id if found is not None else client.create_experiment(EXPERIMENT)
            run = cls(client, client.create_run(experiment, run_name=folder.name).info.run_id)
            for name, value in _innermost(settings):
                client.log_param(run._id, name, value)
        except Exception as error:  # of MLflow, of its database, of the network
            _warn(error)
            return None
        file.write_text(run._id, encoding="utf-8")
        return run

    def note(self, figures: dict[str, float]) -> None:
        from mlflow.entities import Metric

        now, epoch = int(time.time() * 1000), int(figures["epoch"])
        metrics = [Metric(name, value, now, epoch) for name, value in figures.items() if name != "epoch"]
        self._try(lambda client: client.log_batch(self._id, metrics))

    def end(self, status: str) -> None:
        self._try(lambda client: client.set_terminated(self._id, status))

    def _try(self, call: Callable[[MlflowClient], object]) -> None:
        if self._client is None:
            return
        try:
            call(self._client)
        except Exception as error:
            _warn(error)
            self._client = None


def _warn(error: Exception) -> None:
    logger.warning("the training is not tracked in MLflow any more: %s", str(error).partition("\n")[0])


def _innermost(settings: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in settings.items():
        if isinstance(value, dict):
            yield from _innermost(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value

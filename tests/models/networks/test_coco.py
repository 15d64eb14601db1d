"""A segmenter can begin with what ultralytics' detector learnt on COCO, and no other pickle is ever opened."""

import hashlib
import io
from pathlib import Path
from typing import Any

import pytest
import torch
from ultralytics.nn.tasks import DetectionModel

from models.__main__ import main
from models.networks import coco
from models.networks.fixcaps import FixCaps
from models.networks.segmenter import build_segmenter
from tests.models import drawn_ham


class Trap:
    """Unpickled, it leaves a file behind."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


def saved(content: dict[str, Any]) -> bytes:
    file = io.BytesIO()
    torch.save(content, file)
    return file.getvalue()


@pytest.fixture
def checkpoint(monkeypatch: pytest.MonkeyPatch) -> tuple[bytes, dict[str, torch.Tensor]]:
    """A checkpoint of the form and the layers of the published one, with other numbers in them; and these."""
    detector = DetectionModel("yolov8n.yaml", ch=3, nc=80, verbose=False).half()
    content = saved({"model": detector})
    monkeypatch.setitem(coco.PUBLISHED, hashlib.sha256(content).hexdigest(), "yolov8n.pt")
    return content, detector.state_dict()


def test_all_but_classes_and_masks_begins_as_the_detector(checkpoint: tuple[bytes, dict[str, torch.Tensor]]) -> None:
    content, learnt = checkpoint
    segmenter = build_segmenter()
    before = {name: value.clone() for name, value in segmenter.state_dict().items()}

    segmenter.load_state_dict(coco.adapted(content, segmenter))

    own = ("model.22.cv3.", "model.22.cv4.", "model.22.proto.")
    for name, value in segmenter.state_dict().items():
        assert torch.equal(value, before[name] if name.startswith(own) else learnt[name].to(value.dtype)), name


def test_another_network_does_not_begin_with_it(checkpoint: tuple[bytes, dict[str, torch.Tensor]]) -> None:
    with pytest.raises(ValueError, match="another network"):
        coco.adapted(checkpoint[0], FixCaps(64, 9))


def test_a_pickle_of_unknown_content_is_not_opened(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = drawn_ham.packed(tmp_path / "ham", {"train": 4, "val": 4})
    (tmp_path / "yolov8n.pt").write_bytes(saved({"model": Trap(tmp_path / "sprung")}))

    start = ("--start", str(tmp_path / "yolov8n.pt"), "--size", "64")
    assert main(["train", "yolo", "--data", str(data), "--out", str(tmp_path / "run"), *start]) == 1

    assert "yolov8n.pt" in capsys.readouterr().err
    assert not (tmp_path / "sprung").exists()
    with pytest.raises(ValueError, match="published"):
        coco.adapted((tmp_path / "yolov8n.pt").read_bytes(), build_segmenter())
    assert not (tmp_path / "sprung").exists()

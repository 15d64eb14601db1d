"""Networks quantised to 8-bit integers: calibrated on `train`, evaluated on `val`."""

import hashlib
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process
from sklearn.metrics import accuracy_score, recall_score

from inference.classes import CLASSES
from inference.photo import Photo
from inference.pipeline.analyzer import Analyzer
from inference.pipeline.crops import crop
from inference.pipeline.masks import letterbox
from inference.registry.file import RegistryFile
from inference.registry.registry import Registry
from inference.registry.schema import FileEntry
from inference.registry.tensors import EXPLAIN, SQUARES
from models.data.ham10000 import Lesions, load
from models.evaluation.mask_metrics import jaccard

CALIBRATED_ON: Final = 200


class _Squares(CalibrationDataReader):  # type: ignore[misc]
    def __init__(self, squares: Sequence[NDArray[np.uint8]], explains: bool) -> None:
        asked = {EXPLAIN: np.array(False)} if explains else {}
        self._given = iter([{SQUARES: square[None], **asked} for square in squares])

    def get_next(self) -> dict[str, NDArray[Any]] | None:
        return next(self._given, None)


def quantised(weights: Path, release: RegistryFile, names: Sequence[str], train: Lesions, folder: Path) -> Path:
    """A copy of the released weights with these networks quantised."""
    copy = Path(shutil.copytree(weights, folder))
    served: dict[str, FileEntry] = {}
    segmenter = release.served_segmenter
    for name in names:
        path = copy / name
        if name == segmenter.served.file:
            squares = [letterbox(image, segmenter.input.frame)[0] for image in train.images]
        else:
            (square,) = {m.input for m in release.served_classifier.members if m.served.file == name}
            boxes = [_box(mask) if square.view == "lesion" else None for mask in train.masks]
            squares = [
                crop(image, box, square.size, square.margin) for image, box in zip(train.images, boxes, strict=True)
            ]
        prepared = folder / "prepared.onnx"
        quant_pre_process(path, prepared, skip_symbolic_shape=True)
        quantize_static(
            prepared, path, _Squares(squares, name != segmenter.served.file), quant_format=QuantFormat.QDQ,
            per_channel=True, activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
            op_types_to_quantize=["Conv"],
        )  # fmt: skip
        served[name] = FileEntry(file=name, sha256=hashlib.sha256(path.read_bytes()).hexdigest())
    classifier, gate = release.served_classifier, release.served_gate
    members = [
        member.model_copy(update={"served": served.get(member.served.file, member.served)})
        for member in classifier.members
    ]
    release.replace(
        classifier.with_changes(members=members),
        segmenter.with_changes(served=served.get(segmenter.served.file, segmenter.served)),
        gate.with_changes(backbone=served.get(gate.backbone.file, gate.backbone)),
    ).save(copy)
    return copy


def judged(weights: Path, val: Lesions) -> dict[str, float]:
    """Accuracy, balanced accuracy, mean Jaccard and times of the whole pipeline; a refused photo counts as wrong."""
    analyzer = Analyzer.load(Registry.load(weights))
    given, jaccards, taken = [], [], []
    for image, mask in zip(val.images, val.masks, strict=True):
        analysis = analyzer.analyze(Photo(image))
        given.append(CLASSES.index(analysis.label) if analysis.label else -1)
        taken.append([analysis.timings["segment"], analysis.timings["classify"]])
        found = analysis.lesion.mask if analysis.lesion else np.zeros_like(mask)
        jaccards.append(jaccard(found, mask))
    classes = np.unique(val.labels)
    return {
        "accuracy": float(accuracy_score(val.labels, given)),
        "balanced accuracy": float(recall_score(val.labels, given, labels=classes, average="macro")),
        "mean Jaccard": float(np.mean(jaccards)),
        **dict(zip(("segment, ms", "classify, ms"), np.median(taken, axis=0).tolist(), strict=True)),
    }


def _box(mask: NDArray[np.bool_]) -> tuple[float, float, float, float]:
    rows, columns = (np.flatnonzero(mask.any(axis)) for axis in (1, 0))
    return float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)


def trials(
    weights: Path, release: RegistryFile, root: Path, limit: int | None
) -> Iterator[tuple[str, dict[str, float]]]:
    """The figures of the pipeline on ``val`` with quantised networks, and the milliseconds for a photo."""
    train, val = load(root, "train", CALIBRATED_ON), load(root, "val", limit)
    members = [member.served.file for member in release.served_classifier.members]
    chosen: dict[str, list[str]] = {
        "none": [],
        "classifier": members,
        "segmenter": [release.served_segmenter.served.file],
    }
    for what, names in chosen.items():
        with tempfile.TemporaryDirectory() as folder:
            yield what, judged(quantised(weights, release, names, train, Path(folder) / "weights"), val)

"""Make, evaluate and time the rows. Finished rows are stored, so a killed comparison can be continued."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from inference.registry.file import RegistryFile
from models.comparison import rows
from models.comparison.bench import VIEW, Bench, Reader, Row, cut, photos_of
from models.comparison.scoring import Asked, ask, clock, measure
from models.comparison.table import Line, write_tables
from models.data.boxes import Box
from models.data.ham10000 import Split
from models.data.pictures import Photos
from models.errors import ComparisonError, WeightsUnavailable
from models.evaluation.served import served_boxes

ALONE: Final[tuple[Asked, ...]] = ("alone",)
BATCHED: Final[tuple[Asked, ...]] = ("alone", "sorted", "shuffled")


def compare(bench: Bench, split: Split, out: Path, names: Sequence[str] = ()) -> Path:
    """Fill the tables of one split, one for each set and kind of picture, and write them as Markdown, CSV and PNG.

    A row that is finished under the same protocol is not made again, unless you delete its file in ``rows-SPLIT``. A
    row whose weights were unavailable is tried every time.

    Args:
        bench: of the comparison.
        split: whose photos are answered.
        out: folder of the tables.
        names: only these rows, or all if empty. The tables show all finished rows.

    Returns:
        The Markdown file.

    Raises:
        ComparisonError: a name is unknown, or a run does not fit.
        DataError: the data is incomplete.
        TrainingError: a training failed.
    """
    known = {row.name: row for row in rows.ROWS}
    if unknown := set(names) - set(known):
        raise ComparisonError(f"no row is called {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    photos = photos_of(bench, split)
    segmenter = RegistryFile.load(bench.weights).segmenter
    counts = {source: len(found) for source, found in photos.by_source().items()}
    protocol = {"split": split, "photos": counts, "view": VIEW, "segmenter": segmenter}
    store = _Store(out / f"rows-{split}", protocol)
    waiting = [row for row in rows.ROWS if (not names or row.name in names) and not _measured(store.read(row))]
    untimed = [row for row in rows.ROWS if row not in waiting and store.read(row).get("ms", 0) is None]
    readers: dict[str, Reader] = {}
    if waiting or untimed:
        with bench.console.status("outlining the lesions"):
            boxes = served_boxes(photos.photos, bench.weights)
        for number, row in enumerate(waiting):
            bench.console.rule(f"{number + 1} of {len(waiting)}: {row.title}")
            try:
                readers[row.name] = row.make(bench, row.name)
            except WeightsUnavailable as error:
                bench.console.print(str(error), highlight=False)
                store.write(row, {"unavailable": str(error)})
                continue
            store.write(row, _asked(readers[row.name], row, photos, boxes, bench))
        _time(bench, store, readers, photos, boxes)
    lines = [Line(row.name, row.title, found) for row in rows.ROWS if (found := store.read(row))]
    return write_tables(lines, protocol, out)


def _asked(reader: Reader, row: Row, photos: Photos, boxes: list[Box | None], bench: Bench) -> dict[str, Any]:
    squares = cut(photos, boxes, reader.size, reader.view)
    results: dict[str, dict[str, Any]] = {source: {} for source in photos.by_source()}
    for asked in BATCHED if row.batched else ALONE:
        scores = ask(reader, squares, photos.labels, asked, bench.console)
        for source, chosen in photos.by_source().items():
            figures = measure(scores[torch.from_numpy(chosen)], photos.take(chosen))
            results[source][asked] = {
                name: [None if np.isnan(end) else round(end, 5) for end in value] for name, value in figures.items()
            }
    return {
        "origin": reader.origin,
        "parameters": reader.parameters,
        "size": reader.size,
        "results": results,
        "ms": None,
    }


def _time(bench: Bench, store: _Store, readers: dict[str, Reader], photos: Photos, boxes: list[Box | None]) -> None:
    """Time all measured rows side by side, including those of earlier calls."""
    measured = [row for row in rows.ROWS if _measured(store.read(row))]
    ready = {row.name: readers.get(row.name) or row.make(bench, row.name) for row in measured}
    same = cache(lambda size, view: cut(photos, boxes, size, view))
    squares = {name: same(reader.size, reader.view) for name, reader in ready.items()}
    taken = clock(ready, squares, bench.console)
    for row in measured:
        store.write(row, {**store.read(row), "ms": round(taken[row.name], 2)})


def _measured(found: dict[str, Any]) -> bool:
    return "results" in found


class _Store:
    """The rows' results, one JSON file each; those of another protocol count as absent."""

    def __init__(self, folder: Path, protocol: dict[str, Any]) -> None:
        self.folder, self.protocol = folder, protocol

    def read(self, row: Row) -> dict[str, Any]:
        path = self.folder / f"{row.name}.json"
        if not path.is_file():
            return {}
        found: dict[str, Any] = json.loads(path.read_bytes())
        return found if found["protocol"] == self.protocol else {}

    def write(self, row: Row, found: dict[str, Any]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        part = self.folder / f"{row.name}.part"
        part.write_text(json.dumps({**found, "protocol": self.protocol}, indent=2) + "\n", encoding="utf-8")
        os.replace(part, self.folder / f"{row.name}.json")

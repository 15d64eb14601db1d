"""Small data sets in the shape of MILK10k and PAD-UFES-20, drawn by code."""

import csv
import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from inference.classes import CLASSES
from tests.models import drawn_ham

DIAGNOSES = (*CLASSES, "other")


def milk10k(root: Path, splits: dict[str, int]) -> Path:
    """So many lesions a split, each by camera (480 x 360) and dermatoscope (320 x 240), every ninth of no class."""
    root.mkdir(parents=True)
    rows: list[dict[str, Any]] = []
    with zipfile.ZipFile(root / "camera.zip", "w") as camera, zipfile.ZipFile(root / "dermatoscope.zip", "w") as close:
        number = 0
        for split, count in splits.items():
            for _ in range(count):
                for kind, archive, size in (("camera", camera, (480, 360)), ("dermatoscope", close, (320, 240))):
                    name = f"ISIC_{7_000_000 + 2 * number + (kind == 'camera')}"
                    archive.writestr(f"{name}.webp", _bytes(drawn_ham.draw(number, *size)[0], "WEBP"))
                    rows.append(
                        {"lesion_id": f"IL_{number:07d}", "image_id": name, "kind": kind,
                         "dx": DIAGNOSES[number % len(DIAGNOSES)], "age": 60, "skin_tone_class": number % 6,
                         "site": "trunk", "split": split}
                    )  # fmt: skip
                number += 1
    _table(root / "metadata.csv", rows)
    return root


def pad(root: Path, splits: dict[str, int]) -> Path:
    """So many photos a split, upright (150 x 200), every second without a mask, every third doubted."""
    root.mkdir(parents=True)
    rows: list[dict[str, Any]] = []
    with zipfile.ZipFile(root / "images.zip", "w") as images, zipfile.ZipFile(root / "masks.zip", "w") as masks:
        for split, count in splits.items():
            for _ in range(count):
                number = len(rows)
                image, mask = drawn_ham.draw(number, 150, 200)
                name = f"PAT_{number // 2}_{number}_1"
                images.writestr(f"{name}.webp", _bytes(image, "WEBP"))
                if number % 2 == 0:
                    masks.writestr(f"{name}.png", _bytes(mask, "PNG"))
                rows.append(
                    {"patient_id": f"PAT_{number // 2}", "image_id": name, "dx": ("bcc", "nv", "akiec")[number % 3],
                     "age": 40 + number, "region": "FACE", "itch": number % 3 == 0, "bleed": "UNK", "grew": "",
                     "fitspatrick": "2.0", "mask": number % 2 == 0,
                     "mask_agreement": 0.3 if number % 3 == 0 else "", "split": split}
                )  # fmt: skip
    _table(root / "metadata.csv", rows)
    return root


def pool(root: Path, people: int, photos: int = 2) -> Path:
    """The bot's training pool: so many photos of each of so many people, every second photo with a mask."""
    for part in ("images", "masks"):
        (root / part).mkdir(parents=True)
    rows: list[dict[str, Any]] = []
    for number in range(people * photos):
        image, mask = drawn_ham.draw(number, 400, 300)
        (root / "images" / f"{number + 1}.jpg").write_bytes(_bytes(image, "JPEG"))
        if number % 2 == 0:
            (root / "masks" / f"{number + 1}.png").write_bytes(_bytes(mask, "PNG"))
        label = (*CLASSES, "other", "not_lesion")[number % (len(CLASSES) + 2)]
        rows.append(
            {"image": number + 1, "label": label, "lesion": f"{number:016x}", "person": f"{number // photos:016x}",
             "domain": "phone"}
        )  # fmt: skip
    _table(root / "labels.csv", rows)
    return root


def all_sets(root: Path, splits: dict[str, int]) -> list[Path]:
    """All three sets, so many of each."""
    return [drawn_ham.packed(root / "ham", splits), milk10k(root / "milk", splits), pad(root / "pad", splits)]


def _table(path: Path, rows: list[dict[str, Any]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def _bytes(pixels: NDArray[np.uint8], kind: str) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind)
    return buffer.getvalue()

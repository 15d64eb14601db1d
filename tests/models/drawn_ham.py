"""A small data set in the shape of HAM10000, drawn by code, in either layout."""

import csv
import io
import zipfile
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from inference.classes import CLASSES

COLUMNS = ("lesion_id", "image_id", "dx", "dx_type", "age", "sex", "localization")


def draw(number: int, width: int = 320, height: int = 240) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """A brown ellipse on skin and its mask (0/255); the class decides its size and colour."""
    chance = np.random.default_rng(number)
    kind = number % len(CLASSES)
    image = np.full((height, width, 3), (224, 180, 160), np.uint8)
    mask = np.zeros((height, width), np.uint8)
    centre = (int(width * chance.uniform(0.4, 0.6)), int(height * chance.uniform(0.4, 0.6)))
    axes = (int(width * (0.12 + 0.02 * kind)), int(height * (0.1 + 0.02 * kind)))
    cv2.ellipse(mask, centre, axes, float(chance.uniform(0, 180)), 0, 360, 255, -1)
    image[mask > 0] = (60 + 20 * kind, 40 + 10 * kind, 30)
    noise = chance.normal(0, 6, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8), mask


def packed(root: Path, splits: dict[str, int]) -> Path:
    """``images.zip``, ``masks.zip``, ``metadata.csv`` with so many pictures a split."""
    root.mkdir(parents=True)
    rows = []
    with zipfile.ZipFile(root / "images.zip", "w") as images, zipfile.ZipFile(root / "masks.zip", "w") as masks:
        for split, count in splits.items():
            for _ in range(count):
                number = len(rows)
                image, mask = draw(number)
                name = f"ISIC_{number:07d}"
                images.writestr(f"{name}.webp", _bytes(image, "WEBP"))
                masks.writestr(f"{name}.png", _bytes(mask, "PNG"))
                label = CLASSES[number % len(CLASSES)]
                rows.append((f"HAM_{number // 2:07d}", name, label, "histo", "50", "male", "back", split))
    _table(root / "metadata.csv", (*COLUMNS, "split"), rows)
    return root


def published(root: Path, names: list[str]) -> Path:
    """The publisher's layout with the given image ids, at its 600 x 450 pixels."""
    outlines = root / "HAM10000_segmentations_lesion_tschandl"
    parts = [root / f"HAM10000_images_part_{number}" for number in (1, 2)]
    for folder in (outlines, *parts):
        folder.mkdir(parents=True)
    rows = []
    for number, name in enumerate(names):
        image, mask = draw(number, 600, 450)
        (parts[number % 2] / f"{name}.jpg").write_bytes(_bytes(image, "JPEG"))
        (outlines / f"{name}_segmentation.png").write_bytes(_bytes(mask, "PNG"))
        rows.append((f"HAM_{number:07d}", name, CLASSES[number % len(CLASSES)], "histo", "50", "male", "back"))
    _table(root / "HAM10000_metadata", COLUMNS, rows)
    return root


def _bytes(pixels: NDArray[np.uint8], kind: str) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind)
    return buffer.getvalue()


def _table(path: Path, columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerows([columns, *rows])

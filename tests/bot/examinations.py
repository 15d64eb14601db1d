"""Examinations for tests without networks, and a pool that returns them."""

import asyncio
from functools import lru_cache

import numpy as np

from bot.samples import sample
from inference.analysis import CLASSES, Abcd, Analysis, Colour, Lesion, Quality, Refusal, Risk
from inference.comparison.marks import Estimate, Marks
from inference.drawing.annotate import jpeg, outlined
from inference.drawing.words import CaptionOptions
from inference.engine.engine import Examination
from inference.photo import decode
from inference.registry.file import RegistryFile
from inference.registry.registry import DEFAULT_WEIGHTS
from tests.bot.pools import IdlePool

SERVED = RegistryFile.load(DEFAULT_WEIGHTS).served_classifier.title
CORNERS = [(0.5 + 0.15 * np.cos(turn), 0.5 + 0.2 * np.sin(turn)) for turn in np.linspace(0, 2 * np.pi, 40)]


def marks(**values: float) -> Marks:
    """Marks with small errors. Values that are not given are those of a round brown mole."""
    given = {"area": 0.1, "length": 0.3, "asymmetry": 0.06, "contrast": 20.0} | values
    estimates = {name: Estimate(value, 0.02 * value) for name, value in given.items()}
    return Marks(**estimates, outline=tuple((round(float(x), 4), round(float(y), 4)) for x, y in CORNERS))


@lru_cache(maxsize=1)
def examination() -> Examination:
    """Of the drawn mole, by phone."""
    photo = decode(sample("mole"))
    rows, columns = np.mgrid[: photo.height, : photo.width]
    mask = np.asarray(np.hypot(columns - photo.width / 2, rows - photo.height / 2) < 90)
    box = (photo.width / 2 - 90, photo.height / 2 - 90, photo.width / 2 + 90, photo.height / 2 + 90)
    quality = Quality(width=photo.width, height=photo.height, sharpness=1.0, brightness=0.5)
    analysis = Analysis(
        label="nv",
        probabilities=dict.fromkeys(CLASSES, 0.0) | {"nv": 1.0},
        lesion=Lesion(box, mask, 0.9),
        quality=quality,
        refusal=None,
        risk=Risk.LOW,
        domain="phone",
        models={"classifier": SERVED, "segmenter": "yolov8n-seg 2.0.0"},
    )
    drawn = jpeg(outlined(photo, analysis))
    measures = Abcd(0.06, 1.1, (Colour.DARK_BROWN, Colour.BLACK), 0.25, cut_off=False)
    return Examination(analysis, jpeg(photo), drawn, drawn, measures, marks())


def refused() -> Examination:
    """Of a blurred photo."""
    quality = Quality(width=600, height=450, sharpness=0.0, brightness=0.5)
    return Examination(Analysis(None, {}, None, quality, Refusal.BLURRED, risk=None), jpeg(decode(sample("blurred"))))


class ExaminingPool(IdlePool):
    """Returns the same examination for everything. While `go` is cleared, it waits."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.go.set()
        self.found = examination()

    async def examine(self, data: bytes, options: CaptionOptions) -> Examination:
        await self.go.wait()
        return self.found

    async def follow(self, data: bytes, options: CaptionOptions) -> Examination:
        return await self.examine(data, options)

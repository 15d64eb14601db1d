"""Everyday pictures drawn by code: gradients, pages of text, noise, bare skin tones, screenshots, drawings.

All are functions of a random generator, so that a number always gives the same picture. None shows a spot on skin.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Pixels = NDArray[np.uint8]
Colour = tuple[int, int, int]

SKIN_TONES: Final[tuple[Colour, ...]] = (
    (255, 224, 196), (240, 200, 172), (228, 184, 160), (214, 168, 146), (198, 134, 96), (166, 110, 78),
    (141, 85, 54), (108, 66, 44), (74, 46, 34), (232, 160, 150),
)  # fmt: skip
TEXT: Final = (
    "the of and to in is was for on are with as at be this have from or had by but some what there we can out other "
    "were all your when up use word how said an each she which do their time if will way about many then them would "
    "дата имя сумма итого адрес город счёт номер заявление срок оплата день года месяц"
)


def gradient(chance: Generator) -> Pixels:
    """Two colours that blend along a line or from a point, with or without grain."""
    height, width = _shape(chance)
    rows, columns = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    if chance.random() < 0.5:
        angle = chance.uniform(0, 2 * math.pi)
        share = np.cos(angle) * columns + np.sin(angle) * rows
    else:
        share = np.hypot(columns - chance.random(), rows - chance.random())
    share = (share - share.min()) / np.ptp(share)
    one, two = (np.array(_colour(chance), np.float64) for _ in range(2))
    grain = chance.normal(0, chance.choice([0, 1, 4]), (height, width, 3))
    return _bytes(one + (two - one) * share[..., None] + grain)


def noise(chance: Generator) -> Pixels:
    """Grain of any size, grey or coloured, around any colour."""
    height, width = _shape(chance)
    grey = chance.random() < 0.3
    grain: NDArray[Any] = chance.normal(0, 1, (height, width, 1 if grey else 3))
    size = chance.choice([0, 1, 2, 4, 8, 16])
    if size:
        grain = cv2.GaussianBlur(grain, (0, 0), float(size)).reshape(grain.shape)
        grain = grain / grain.std()
    return _bytes(np.array(_colour(chance)) + chance.uniform(15, 80) * grain)


def bare_skin(chance: Generator) -> Pixels:
    """A skin tone with light from one side, blotches and pores, but no spot."""
    height, width = _shape(chance)
    tone = np.array(SKIN_TONES[chance.integers(len(SKIN_TONES))]) * chance.uniform(0.85, 1.1)
    rows, columns = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    angle = chance.uniform(0, 2 * math.pi)
    light = 1 + chance.uniform(0, 0.25) * (np.cos(angle) * columns + np.sin(angle) * rows)
    picture = tone * light[..., None]
    for size, strength in ((60.0, 4.0), (8.0, 2.0), (1.2, 5.0)):
        spots = cv2.GaussianBlur(chance.normal(0, 1, (height, width)), (0, 0), size)
        picture += (chance.uniform(0, strength) * spots / spots.std())[..., None]
    return _bytes(picture)


def text_page(chance: Generator) -> Pixels:
    """A printed page: paper, lines of words, a headline, sometimes a table, photographed or scanned."""
    width, height = int(chance.integers(360, 700)), int(chance.integers(360, 900))
    paper = tuple(int(value) for value in np.array([255, 253, 246]) * chance.uniform(0.82, 1))
    page = Image.new("RGB", (width, height), paper)
    pen = ImageDraw.Draw(page)
    size = int(chance.integers(10, 26))
    ink = (int(chance.integers(0, 60)),) * 3
    margin = int(width * chance.uniform(0.04, 0.14))
    top = margin
    pen.text((margin, top), _line(chance, 4), fill=ink, font=ImageFont.load_default(size * 1.6))
    top += size * 3
    while top < height - margin:
        if chance.random() < 0.08:
            pen.line((margin, top, width - margin, top), fill=ink)
        elif chance.random() < 0.85:
            pen.text((margin, top), _line(chance, 40)[: int((width - 2 * margin) / size * 2)], fill=ink,
                     font=ImageFont.load_default(size))  # fmt: skip
        top += int(size * 1.5)
    if chance.random() < 0.5:
        page = page.rotate(chance.uniform(-12, 12), fillcolor=_colour(chance), resample=Image.Resampling.BILINEAR)
    return np.asarray(page, np.uint8)


def screenshot(chance: Generator) -> Pixels:
    """The screen of a phone or of a computer: bars, buttons, a list or a chat."""
    width, height = ((360, 720), (720, 450), (600, 600))[chance.integers(3)]
    dark = chance.random() < 0.4
    ground = (24, 26, 30) if dark else (246, 247, 250)
    ink, accent = (230, 230, 230) if dark else (30, 30, 34), _colour(chance)
    screen = Image.new("RGB", (width, height), ground)
    pen = ImageDraw.Draw(screen)
    pen.rectangle((0, 0, width, 44), fill=accent)
    pen.text((14, 12), _line(chance, 3), fill=(255, 255, 255), font=ImageFont.load_default(18))
    top, chat = 58, chance.random() < 0.5
    while top < height - 60:
        tall = int(chance.integers(28, 90))
        left = int(chance.integers(8, width // 3)) if chat else 10
        right = left + int(width * 0.6) if chat else width - 10
        fill = _colour(chance) if chance.random() < 0.25 else ((44, 47, 54) if dark else (255, 255, 255))
        pen.rounded_rectangle((left, top, right, top + tall), 10, fill=fill, outline=(128, 128, 136))
        for row in range(tall // 20):
            pen.text((left + 12, top + 4 + 20 * row), _line(chance, 5), fill=ink, font=ImageFont.load_default(13))
        if chance.random() < 0.4:
            pen.ellipse((right - 30, top + 6, right - 10, top + 26), fill=_colour(chance))
        top += tall + int(chance.integers(4, 24))
    return np.asarray(screen, np.uint8)


def drawing(chance: Generator) -> Pixels:
    """A child's drawing on paper: a cat, a house or loose shapes, in thick lines."""
    height, width = _shape(chance)
    paper = np.full((height, width, 3), 255, np.uint8) if chance.random() < 0.6 else gradient(chance)
    paper = np.ascontiguousarray(cv2.resize(paper, (width, height)))
    (cat, house, shapes)[chance.integers(3)](paper, chance)
    return _bytes(paper + chance.normal(0, chance.choice([0.0, 2.0, 6.0]), paper.shape))


def cat(paper: Pixels, chance: Generator) -> None:
    """Draw the face of a cat into the picture."""
    height, width = paper.shape[:2]
    size = int(min(height, width) * chance.uniform(0.2, 0.38))
    x, y = int(width * chance.uniform(0.4, 0.6)), int(height * chance.uniform(0.45, 0.6))
    fur, line, thick = _colour(chance), _colour(chance, dark=True), int(chance.integers(2, 6))
    for side in (-1, 1):
        ear = np.array([(x + side * size * a, y - size * b) for a, b in ((0.95, 0.3), (0.8, 1.5), (0.15, 0.9))])
        cv2.fillPoly(paper, [ear.astype(np.int32)], fur, cv2.LINE_AA)
        cv2.polylines(paper, [ear.astype(np.int32)], True, line, thick, cv2.LINE_AA)
    cv2.circle(paper, (x, y), size, fur, -1, cv2.LINE_AA)
    cv2.circle(paper, (x, y), size, line, thick, cv2.LINE_AA)
    for side in (-1, 1):
        eye = (x + side * int(size * 0.4), y - int(size * 0.15))
        cv2.ellipse(paper, eye, (size // 6, size // 4), 0, 0, 360, _colour(chance), -1, cv2.LINE_AA)
        cv2.ellipse(paper, eye, (size // 20 + 1, size // 5), 0, 0, 360, (10, 10, 10), -1, cv2.LINE_AA)
        for lift in (-0.15, 0.0, 0.15):
            tip = (x + side * int(size * 1.5), y + int(size * (0.3 + lift * 2)))
            cv2.line(paper, (x + side * size // 4, y + int(size * (0.35 + lift))), tip, line, 1, cv2.LINE_AA)
    nose = np.array([(x - size // 8, y + size // 4), (x + size // 8, y + size // 4), (x, y + size // 2.5)], np.int32)
    cv2.fillPoly(paper, [nose], (230, 120, 140), cv2.LINE_AA)


def house(paper: Pixels, chance: Generator) -> None:
    """Draw a house with a door, windows and a sun into the picture."""
    height, width = paper.shape[:2]
    left, top = int(width * chance.uniform(0.15, 0.35)), int(height * chance.uniform(0.4, 0.55))
    right, bottom = int(width * chance.uniform(0.6, 0.85)), int(height * chance.uniform(0.8, 0.95))
    line = _colour(chance, dark=True)
    cv2.rectangle(paper, (left, top), (right, bottom), _colour(chance), -1)
    cv2.rectangle(paper, (left, top), (right, bottom), line, 3)
    roof = np.array([(left - 12, top), ((left + right) // 2, int(top * 0.4)), (right + 12, top)], np.int32)
    cv2.fillPoly(paper, [roof], _colour(chance), cv2.LINE_AA)
    cv2.polylines(paper, [roof], True, line, 3, cv2.LINE_AA)
    step = (right - left) // 5
    for number in (1, 3):
        corner = (left + number * step, top + (bottom - top) // 4)
        cv2.rectangle(paper, corner, (corner[0] + step * 3 // 4, corner[1] + step * 3 // 4), _colour(chance), -1)
    cv2.circle(paper, (int(width * 0.88), int(height * 0.14)), min(height, width) // 12, (250, 210, 40), -1)


def shapes(paper: Pixels, chance: Generator) -> None:
    """Draw circles, boxes, triangles and strokes into the picture."""
    height, width = paper.shape[:2]
    for _ in range(chance.integers(4, 14)):
        corners = (chance.random((3, 2)) * (width, height)).astype(np.int32)
        thick = int(chance.choice([-1, 2, 5]))
        kind = chance.integers(4)
        if kind == 0:
            cv2.circle(paper, corners[0].tolist(), int(chance.integers(8, 90)), _colour(chance), thick, cv2.LINE_AA)
        elif kind == 1:
            cv2.rectangle(paper, corners[0].tolist(), corners[1].tolist(), _colour(chance), thick)
        elif kind == 2:
            cv2.fillPoly(paper, [corners], _colour(chance), cv2.LINE_AA)
        else:
            cv2.line(paper, corners[0].tolist(), corners[1].tolist(), _colour(chance), int(chance.integers(1, 9)))


DRAWN: Final[dict[str, Callable[[Generator], Pixels]]] = {
    "gradients": gradient,
    "noise": noise,
    "bare skin tones": bare_skin,
    "text pages": text_page,
    "screenshots": screenshot,
    "drawings": drawing,
}


def draw(kind: str, number: int) -> Pixels:
    """Picture ``number`` of a kind of ``DRAWN``: H x W x 3 uint8 RGB, the same on every call."""
    return DRAWN[kind](np.random.default_rng([number, *kind.encode()]))


def _shape(chance: Generator) -> tuple[int, int]:
    return ((240, 320), (320, 240), (448, 448), (450, 600))[chance.integers(4)]


def _colour(chance: Generator, *, dark: bool = False) -> Colour:
    """A random colour. Every second one is near a skin tone, since those are the hard ones."""
    if dark:
        red, green, blue = chance.integers(0, 90, 3)
    elif chance.random() < 0.5:
        tone = np.array(SKIN_TONES[chance.integers(len(SKIN_TONES))])
        red, green, blue = np.clip(tone + chance.normal(0, 12, 3), 0, 255)
    else:
        red, green, blue = chance.integers(0, 256, 3)
    return int(red), int(green), int(blue)


def _line(chance: Generator, words: int) -> str:
    return " ".join(chance.choice(TEXT.split(), int(chance.integers(1, words + 1))).tolist())


def _bytes(values: NDArray[np.float64] | NDArray[np.float32]) -> Pixels:
    return np.clip(values, 0, 255).astype(np.uint8)

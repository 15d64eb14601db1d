"""Messages between the bot and its workers. They can be written only with DATA_KEY, so unpickling is safe."""

import math
import pickle
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from inference.drawing.words import CaptionOptions

QUESTIONS: Final = "photos"
# Each pool has its own queue: this prefix and the pool's number.
ANSWERS: Final = "answers-"

Task = Literal["read", "explain", "examine", "follow"]


@dataclass(frozen=True)
class Question:
    """A photo to analyse. `reply_to` is the queue of the answer. Without a `task`, it only asks for a sign of life."""

    number: int
    reply_to: str
    task: Task | None
    classifier: str | None
    photo: bytes
    options: CaptionOptions


@dataclass(frozen=True)
class Answer:
    """A worker's answer: the task's result or the error that it raised."""

    number: int
    result: Any = None
    error: Exception | None = None


def packed(message: Question | Answer) -> bytes:
    """A message as bytes. Outlines take one bit a pixel, because they would be most of an answer."""
    stream = BytesIO()
    _Pickler(stream, pickle.HIGHEST_PROTOCOL).dump(message)
    return stream.getvalue()


def unpacked(content: bytes) -> Any:
    """The message in decrypted bytes, which only we can have written."""
    return pickle.loads(content)


class _Pickler(pickle.Pickler):
    def reducer_override(self, value: Any) -> Any:
        if isinstance(value, np.ndarray) and value.dtype == np.bool_:
            return _mask, (np.packbits(value), value.shape)
        return NotImplemented


def _mask(bits: NDArray[np.uint8], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    return np.unpackbits(bits, count=math.prod(shape)).reshape(shape).view(np.bool_)

"""Messages between the bot and its workers. They can be written only with DATA_KEY, so unpickling is safe."""

import pickle
from dataclasses import dataclass
from typing import Any, Final, Literal

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
    """A message as bytes."""
    return pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)


def unpacked(content: bytes) -> Any:
    """The message in decrypted bytes, which only we can have written."""
    return pickle.loads(content)

"""What the bot and its workers say to each other. Only who has DATA_KEY can write it, so it may be unpickled."""

import pickle
from dataclasses import dataclass
from typing import Any, Final, Literal

from inference.drawing.words import CaptionOptions

QUESTIONS: Final = "photos"
# To each pool its own: `answers` and the pool's number.
ANSWERS: Final = "answers-"

Task = Literal["read", "explain", "examine", "follow"]


@dataclass(frozen=True)
class Question:
    """A photo to be read. `reply_to` is the queue of the answer; without a `task` only an answer is wanted."""

    number: int
    reply_to: str
    task: Task | None
    classifier: str | None
    photo: bytes
    options: CaptionOptions


@dataclass(frozen=True)
class Answer:
    """What a worker found: the task's result or the error it raised."""

    number: int
    result: Any = None
    error: Exception | None = None


def packed(message: Question | Answer) -> bytes:
    """A message as bytes."""
    return pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)


def unpacked(content: bytes) -> Any:
    """The message in bytes that were decrypted, and so are of our own making."""
    return pickle.loads(content)

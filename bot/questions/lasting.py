"""Answers that stay valid: the place of a mole, and for a year the person's age. They are asked once for each mole."""

from datetime import timedelta
from functools import partial
from typing import Final

from bot.questions.questions import Answers, Question
from bot.questions.surer import Join, answers_of, with_answers
from storage.database import Database
from storage.records import Request

LASTING: Final = {"age": timedelta(days=365), "region": None}
"""Topic of a question -> how long its answer is valid; None means for ever."""


async def known_of_mole(request: Request, database: Database) -> Answers:
    """Valid answers from other photos of the same mole; the latest photo's answer counts."""
    mole = await database.moles.of_request(request.id, request.user_id)
    if mole is None:
        return {}
    known: dict[str, str] = {}
    for photo in await database.moles.photos(mole):
        if photo.request.id == request.id:
            continue
        age = request.created_at - photo.request.created_at
        answers = answers_of(photo.request.result or {})
        known |= {
            name: answers[name] for name, life in LASTING.items() if name in answers and (life is None or age < life)
        }
    return known


async def fill_in(request: Request, known: Answers, database: Database, joiner: Join | None) -> None:
    """Fill in the known answers to questions of a request that are not answered yet."""
    answers = answers_of(request.result or {})
    missing = {name: value for name, value in known.items() if name not in answers}
    if missing:
        change = partial(with_answers, answers={**answers, **missing}, joiner=joiner)
        await database.requests.amend(request.id, request.user_id, change)


def first_to_ask(every: tuple[Question, ...], number: int, request: Request, known: Answers) -> int:
    """The number of the first question, from `number` on, that the mole's other photos do not answer."""
    given = answers_of(request.result or {}).items() & known.items()
    while number < len(every) and any(each.answers and each.answers.items() <= given for each in every[number].choices):
        number += 1
    return number


def taken_over(every: tuple[Question, ...], numbers: range, known: Answers) -> str:
    """The answers to these questions for people, in one line of plain text."""
    chosen = [
        each.text for number in numbers for each in every[number].choices if each.answers.items() <= known.items()
    ]
    return ", ".join(chosen)

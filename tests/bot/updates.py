"""Updates drawn from aiogram's own types, with fields dropped, added and made odd."""

import typing
from collections.abc import Sequence
from datetime import datetime
from enum import Enum
from typing import Any

from aiogram.filters.callback_data import CallbackData
from aiogram.types import TelegramObject, Update
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

MARK = "PERSONAL-CONTENT"
DEPTH = 3
KINDS = [name for name in Update.model_fields if name != "update_id"]
ODD = (None, True, -1, 2**63, str(2**63), 1.5, "", MARK, [], [[]], {}, {"of next year": MARK}, "\ud83d\ude42", 0)


def odd_updates(users: Sequence[int]) -> SearchStrategy[list[dict[str, Any]]]:
    """Batches of updates, most of them messages in the private chats of these people."""
    return st.lists(update(users), min_size=5, max_size=25)


@st.composite
def update(draw: DrawFn, users: Sequence[int]) -> dict[str, Any]:
    """One update."""
    user_id = draw(st.sampled_from(users))
    if draw(st.integers(0, 9)) == 0:
        return {"kind_of_next_year": {"text": MARK}}
    kind = draw(st.sampled_from(["message"] * 6 + ["callback_query"] * 2 + KINDS))
    annotation = Update.model_fields[kind].annotation
    content = draw(values(annotation, 0))
    if isinstance(content, dict):
        sender = {"id": user_id, "is_bot": False, "first_name": MARK, "language_code": "en"}
        chat = {"id": user_id, "type": "private", "first_name": MARK}
        likely = {"from": sender, "chat": chat, "date": 1_700_000_000, "message_id": draw(st.integers(1, 10**6))}
        if kind == "callback_query":
            likely = {"from": sender, "id": "7", "chat_instance": "1", "data": draw(pressed())}
        for name, value in likely.items():
            if draw(st.integers(0, 15)):
                content[name] = value
        if content and draw(st.integers(0, 3)) == 0:
            content[draw(st.sampled_from(sorted(content)))] = draw(st.sampled_from(ODD))
        if content and draw(st.integers(0, 7)) == 0:
            content.pop(draw(st.sampled_from(sorted(content))))
        if kind == "message" and draw(st.booleans()):
            content["text"] = draw(st.sampled_from(TEXTS))
    return {kind: content}


TEXTS = (
    *(MARK, "/" + MARK, "/start " + MARK, "/start result_" + "9" * 30, "/start share_" + MARK, "/grant " + "9" * 30),
    *(f"/{name}" for name in ("start", "help", "howto", "history", "moles", "shared", "language", "privacy", "export")),
    *(f"/{name}" for name in ("delete", "stats", "broadcast", "models", "staff", "ban", "audit", "settings", "health")),
)
FIELDS = ("", "-1", "0", "1", "9" * 30, "1.5", "yes", MARK, "\ud83d\ude42")


def every(kind: type[CallbackData]) -> list[type[CallbackData]]:
    """The kinds of callback data that are made from this one."""
    return [found for each in kind.__subclasses__() for found in (each, *every(each))]


@st.composite
def pressed(draw: DrawFn) -> str:
    """The data of a button: of one that the bot makes, with odd values in it, or of none."""
    kind = draw(st.sampled_from(sorted(every(CallbackData), key=lambda each: each.__prefix__)))
    fields = [draw(st.sampled_from(FIELDS)) for _ in kind.model_fields]
    dropped = draw(st.integers(0, 9)) == 0
    return draw(st.sampled_from([":".join([kind.__prefix__, *fields[dropped:]])] * 9 + [":" * 64]))


def values(annotation: Any, depth: int) -> SearchStrategy[Any]:
    """JSON for a type, as far as it goes."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return values(arguments[0], depth)
    if origin is typing.Literal:
        return st.sampled_from([str(each.value) if isinstance(each, Enum) else each for each in arguments])
    if origin is list:
        return st.lists(values(arguments[0], depth + 1), max_size=2) if depth < DEPTH else st.just([])
    if arguments and origin is not None and origin is not dict:
        kinds = [each for each in arguments if each is not type(None)]
        return st.one_of([st.deferred(lambda each=each: values(each, depth)) for each in kinds[:4]])
    if isinstance(annotation, type):
        if issubclass(annotation, TelegramObject):
            return objects(annotation, depth) if depth < DEPTH else st.just({})
        if issubclass(annotation, bool):
            return st.booleans()
        if issubclass(annotation, int | datetime):
            return st.integers(0, 10**6)
        if issubclass(annotation, float):
            return st.floats(0, 100)
        if issubclass(annotation, Enum):
            return st.sampled_from([each.value for each in annotation])
    return st.sampled_from([MARK, "a", MARK * 3])


@st.composite
def objects(draw: DrawFn, model: type[TelegramObject], depth: int) -> dict[str, Any]:
    """JSON of a Telegram object: what it must have, most often, and a few of the rest."""
    fields = model.model_fields
    optional = sorted(name for name, field in fields.items() if not field.is_required())
    extra = draw(st.lists(st.sampled_from(optional), max_size=3, unique=True)) if optional else []
    required = [name for name, field in fields.items() if field.is_required() and draw(st.integers(0, 19))]
    content = {}
    for name in [*required, *extra]:
        content[fields[name].alias or name] = draw(values(fields[name].annotation, depth + 1))
    return content

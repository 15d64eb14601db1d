"""Requests and results to test with, and what a person sees of a text."""

import html
import re
from datetime import UTC, datetime

from bot.photos.albums import Incoming
from bot.results import Result
from inference.analysis import CLASSES, Risk
from storage.records import Outcome, Request

FORBIDDEN = re.compile(r"healthy|\bsafe\b|nothing to worry|здоров[ао]?\b|безопасн|не о чем беспокоиться", re.I)


def incoming(message_id: int, group: str | None, chat_id: int = 1) -> Incoming:
    return Incoming(
        Request(
            id=message_id,
            user_id=chat_id,
            chat_id=chat_id,
            message_id=message_id,
            media_group_id=group,
            file_id="f",
            file_unique_id="u",
            kind="photo",
            outcome=Outcome.RECEIVED,
            created_at=datetime.now(UTC),
            completed_at=None,
            progress_message_id=None,
            reply_file_id=None,
            result=None,
            explanation_asked_at=None,
        )
    )


def result_for(label: str, risk: Risk, **probabilities: float) -> Result:
    """A result in which `label` has the rest of the probabilities."""
    shares = dict.fromkeys(CLASSES, 0.0) | probabilities
    shares[label] += 1 - sum(shares.values())
    return Result(label, shares, risk)


def visible(text: str) -> str:
    """The visible text of HTML. Fails if a tag is not closed."""
    opened: list[str] = []
    for closing, name in re.findall(r"<(/?)([\w-]+)(?: [^<>]*)?>", text):
        if closing:
            assert opened.pop() == name, text
        else:
            opened.append(name)
    assert not opened, text
    plain = re.sub(r"</?[\w-]+(?: [^<>]*)?>", "", text)
    assert "<" not in plain
    return html.unescape(plain)


def units(text: str) -> int:
    """Length as Telegram counts it: UTF-16 code units."""
    return len(visible(text).encode("utf-16-le")) // 2

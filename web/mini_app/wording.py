"""A person's moles in words, for the templates."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from babel.dates import format_date

from inference.analysis import Risk
from inference.drawing import verdict
from inference.drawing.over_time import change_in_words
from inference.drawing.places import place_names, place_of
from inference.drawing.words import action
from storage.records import MolePhoto
from web.mini_app.records import Followed, risk_of


@dataclass(frozen=True)
class Shown:
    """A mole in the list. `risk` is that of the last answer."""

    id: int
    number: int
    name: str
    place: int | None
    risk: Risk | None
    action: str
    state: str


@dataclass(frozen=True)
class Point:
    """A place on the map with the moles there. `risk` is the worst of theirs."""

    place: int
    name: str
    moles: tuple[Shown, ...]
    risk: Risk | None

    @property
    def label(self) -> str:
        """Their numbers, short enough for the point."""
        numbers = [str(each.number) for each in self.moles]
        return "·".join(numbers if len(numbers) < 3 else [numbers[0], "…"])


@dataclass(frozen=True)
class Step:
    """One photo in the time line. `picture` is its address; None where it is not kept."""

    date: str
    day: str
    risk: Risk | None
    action: str
    group: str
    picture: str | None


def shown(moles: Sequence[Followed], language: str) -> list[Shown]:
    """The list, numbered from 1."""
    return [
        Shown(
            each.mole.id,
            number,
            each.mole.name,
            place_of(each.mole.name),
            each.risk,
            "" if each.risk is None else action(each.risk, language),
            state(each, language),
        )
        for number, each in enumerate(moles, 1)
    ]


def points(moles: Sequence[Shown], language: str) -> list[Point]:
    """The places that have moles, in the order of the places."""
    found = []
    for place, name in place_names(language).items():
        here = tuple(each for each in moles if each.place == place)
        if here:
            risks = [each.risk for each in here if each.risk is not None]
            found.append(Point(place, name, here, max(risks, key=list(Risk).index, default=None)))
    return found


def state(followed: Followed, language: str) -> str:
    """Whether a mole has changed; empty where no photo is left."""
    if not followed.photos:
        return ""
    since = _day(followed.photos[0].request.created_at, language)
    return change_in_words(followed.measurements, since, language)


def time_line(followed: Followed, kept: Collection[int], address: Callable[[int], str], language: str) -> list[Step]:
    """The photos of a mole, the oldest first; `address` gives that of the picture of a request in `kept`."""
    return [
        _step(photo, address(photo.request.id) if photo.request.id in kept else None, language)
        for photo in followed.photos
    ]


def _step(photo: MolePhoto, picture: str | None, language: str) -> Step:
    risk, result = risk_of(photo), photo.request.result or {}
    group = verdict.group(result["probabilities"], language) if risk is not None else ""
    when = photo.request.created_at
    said = "" if risk is None else action(risk, language)
    return Step(when.date().isoformat(), _day(when, language), risk, said, group, picture)


def _day(when: datetime, language: str) -> str:
    return str(format_date(when, "d MMMM y", locale=language))

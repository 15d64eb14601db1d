"""The service for moles: adds photos to a mole and compares them."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum, auto

from aiogram.utils.i18n import gettext as _

from bot.moles import measurements
from bot.moles.measurements import Standing
from bot.photos.second_reading import SecondReader
from bot.ui.texts import day
from inference.comparison.change import Mark, error
from inference.drawing import comparison
from inference.drawing.annotate import jpeg
from inference.engine.engine import Examination
from inference.photo import decode
from inference.pipeline.fingerprint import is_same
from storage.database import Database
from storage.records import Mole, Request


class Refused(Enum):
    """Why a photo was not added to a mole."""

    NO_OUTLINE = auto()
    SAME_PHOTO = auto()
    TAKEN = auto()
    TOO_MANY_MOLES = auto()


class MoleService:
    """Adds photos to moles and compares them.

    Args:
        database: keeps them.
        reader: analyses photos again.
    """

    def __init__(self, database: Database, reader: SecondReader) -> None:
        self._database = database
        self._reader = reader
        self._in_work: set[int] = set()

    @contextmanager
    def claim(self, request_id: int) -> Iterator[bool]:
        """Claim the work on a photo for this block; False if the same work is under way already."""
        if request_id in self._in_work:
            yield False
            return
        self._in_work.add(request_id)
        try:
            yield True
        finally:
            self._in_work.discard(request_id)

    async def standing(self, mole: Mole) -> Standing:
        """The state of a mole."""
        return Standing.of(await self._database.moles.photos(mole))

    async def begin(self, request: Request) -> Mole | Refused:
        """Create a mole with its first photo, named after the date. Raises NotRead."""
        examination = await self._reader.follow(request)
        found = measurements.to_stored(examination)
        if found is None:
            return Refused.NO_OUTLINE
        moles = self._database.moles
        mole = await moles.create(request.user_id, _("mole of {day}").format(day=day(request.created_at)))
        if mole is None:
            return Refused.TOO_MANY_MOLES
        if not await moles.add_photo(mole, request.id, found):
            await moles.forget(mole.id, mole.user_id)
            return Refused.TAKEN
        await self._database.mole_pictures.keep(mole, request.id, examination.photo)
        return mole

    async def add(self, mole: Mole, request: Request) -> Mole | Refused:
        """Add another photo to a mole. Raises NotRead."""
        known = [each.request for each in await self._database.moles.photos(mole)]
        if any(_shows_the_same(request, each) for each in known if each.id != request.id):
            return Refused.SAME_PHOTO
        examination = await self._reader.follow(request)
        found = measurements.to_stored(examination)
        if found is None:
            return Refused.NO_OUTLINE
        if not await self._database.moles.add_photo(mole, request.id, found):
            return Refused.TAKEN
        await self._database.mole_pictures.keep(mole, request.id, examination.photo)
        return mole

    async def compare(self, standing: Standing, reader_id: int | None = None) -> bytes:
        """The first and the last photo side by side with plots below, as a JPEG.

        `reader_id` is the reader, if it is not the owner. Raises NotRead.
        """
        ends = standing.photos[0].request, standing.photos[-1].request
        first, last = [await self._reader.examine(each, reader_id) for each in ends]
        return await asyncio.to_thread(drawn, standing, first, last, stacked=True)

    async def measure(self, mole: Mole, millimetres: float) -> None:
        """Store the diameter that the person measured with the last photo of the mole."""
        photos = await self._database.moles.photos(mole)
        if photos:
            found = dict(photos[-1].findings) | {"millimetres": millimetres}
            await self._database.moles.set_findings(mole, photos[-1].request.id, found)


def _shows_the_same(one: Request, other: Request) -> bool:
    prints = [(each.result or {}).get("fingerprint", "") for each in (one, other)]
    return one.file_unique_id == other.file_unique_id or is_same(*prints)


def drawn(standing: Standing, first: Examination, last: Examination, *, stacked: bool = False) -> bytes:
    """The drawing of a mole over time as a JPEG, in the current language; `stacked` is for a phone."""
    pictures = [
        comparison.Picture(decode(each.photo), found.marks.outline, day(photo.request.created_at))
        for each, found, photo in (
            (first, standing.measurements[0], standing.photos[0]),
            (last, standing.measurements[-1], standing.photos[-1]),
        )
    ]
    upper = comparison.side_by_side(*pictures)
    return jpeg(comparison.above(upper, comparison.plots(series(standing), stacked=stacked)))


def series(standing: Standing) -> list[comparison.Series]:
    """The plotted marks of a mole, with the standard deviation between photos."""
    days = [each.request.created_at.date() for each in standing.photos]
    titles = {
        Mark.AREA: _("Area (share of the photo), %"),
        Mark.CONTRAST: _("Colour: contrast to skin"),
        Mark.ASYMMETRY: _("Asymmetry, %"),
    }
    plotted = []
    for mark, title in titles.items():
        percent = 1.0 if mark is Mark.CONTRAST else 100.0
        estimates = [(getattr(found.marks, mark.value), found.domain) for found in standing.measurements]
        points = [
            (day, percent * each.value, percent * error(each, mark, domain))
            for day, (each, domain) in zip(days, estimates, strict=True)
        ]
        plotted.append(comparison.Series(title, tuple(points)))
    return plotted

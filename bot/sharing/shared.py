"""The subject of a share, fetched again each time, so that erased or moved things are no longer shared."""

from dataclasses import dataclass
from html import escape

from bot.moles.measurements import Standing
from bot.sharing import wording
from storage.database import Database
from storage.records import Mole, Request
from storage.shares import Share


@dataclass(frozen=True)
class Subject:
    """A shared result or mole; `title` is its name as HTML.

    For a mole, `request` is its last photo, or None.
    """

    title: str
    request: Request | None
    mole: Mole | None = None
    standing: Standing | None = None


async def subject_of(share: Share, database: Database) -> Subject | None:
    """The subject of a share; None if it is gone. The owner of the share owns all of it."""
    if share.mole_id is not None:
        mole = await database.moles.get_owned(share.mole_id, share.owner_id)
        if mole is None:
            return None
        standing = Standing.of(await database.moles.photos(mole))
        last = standing.photos[-1].request if standing.photos else None
        return Subject(escape(mole.name), last, mole, standing)
    request = await database.requests.get_owned(share.request_id or 0, share.owner_id)
    if request is None or not request.is_answered or request.result is None:
        return None
    return Subject(wording.result_of(request.created_at), request)

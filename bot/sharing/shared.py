"""What a share leads to, fetched anew each time: what was erased or moved on is not shared any more."""

from dataclasses import dataclass
from html import escape

from bot.moles.measurements import Standing
from bot.sharing import wording
from storage.database import Database
from storage.records import Mole, Request
from storage.shares import Share


@dataclass(frozen=True)
class Subject:
    """A result or a mole that is shared; `title` is what it is called, as HTML.

    Of a mole, `request` is its last photo, None where it has none.
    """

    title: str
    request: Request | None
    mole: Mole | None = None
    standing: Standing | None = None


async def subject_of(share: Share, database: Database) -> Subject | None:
    """What is shared; None where it is gone. The owner of the share owns all of it."""
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

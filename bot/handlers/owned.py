"""The subject of a button. Anybody can forge the number in it, so the database gives a thing only to its owner."""

from aiogram.types import CallbackQuery
from aiogram.utils.i18n import gettext as _

from storage.database import Database
from storage.records import Mole, Request, User


async def answered_request(callback: CallbackQuery, request_id: int, user: User, database: Database) -> Request | None:
    """The person's own answered request; if there is none, tells the person and returns None."""
    request = await database.requests.get_owned(request_id, user.id)
    if request is None or not request.is_answered:
        await callback.answer(_("This result is no longer there."), show_alert=True)
        return None
    return request


async def owned_mole(callback: CallbackQuery, mole_id: int, user: User, database: Database) -> Mole | None:
    """The person's own mole; if there is none, tells the person and returns None."""
    mole = await database.moles.get_owned(mole_id, user.id)
    if mole is None:
        await callback.answer(_("You do not follow this mole any more."), show_alert=True)
    return mole

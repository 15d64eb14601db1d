"""The audience of an announcement."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, func, not_, or_, true

from storage.records import Audience
from storage.tables import requests, users
from storage.users import is_recipient

ACTIVE_FOR = timedelta(days=30)


def is_in(audience: Audience, staff_ids: Collection[int], now: datetime) -> ColumnElement[bool]:
    """The condition for a user to get an announcement for this audience. Those who opted out never get one."""
    return and_(is_recipient(), _belongs(audience, staff_ids, now))


def _belongs(audience: Audience, staff_ids: Collection[int], now: datetime) -> ColumnElement[bool]:
    language = func.replace(func.lower(func.coalesce(users.c.language, "")), "_", "-")
    russian = or_(language == "ru", language.startswith("ru-"))
    match audience:
        case Audience.ALL:
            return true()
        case Audience.RUSSIAN:
            return russian
        case Audience.ENGLISH:
            # The bot answers all other languages in English.
            return not_(russian)
        case Audience.ACTIVE:
            return exists().where(requests.c.user_id == users.c.id, requests.c.created_at >= now - ACTIVE_FOR)
        case Audience.STAFF:
            return users.c.id.in_(staff_ids)

"""The audit log: what the staff did. An entry is written in the transaction of the action."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from storage.tables import audit


class Action(StrEnum):
    """The kinds of entry in the audit log."""

    GRANT = "grant"
    REVOKE = "revoke"
    BAN = "ban"
    UNBAN = "unban"
    SWITCH_ON = "switch_on"
    SWITCH_OFF = "switch_off"
    BROADCAST = "broadcast"
    BROADCAST_SCHEDULE = "broadcast_schedule"
    BROADCAST_PAUSE = "broadcast_pause"
    BROADCAST_RESUME = "broadcast_resume"
    BROADCAST_CANCEL = "broadcast_cancel"
    ACTIVATE = "activate"
    TRIAL = "trial"
    READ_AGAIN = "read_again"
    TELL = "tell"
    LABEL = "label"
    LABEL_REPLACE = "label_replace"
    RETRAIN = "retrain"
    POOL_EXPORT = "pool_export"
    POOL_IMPORT = "pool_import"


COMMAND_LINE: Final = 0
"""The actor of a command line: somebody with access to the machine."""


@dataclass(frozen=True)
class AuditEntry:
    """One action of a member of the staff, or of `COMMAND_LINE`. `detail` never names a patient; see `Staff.ban`."""

    id: int
    at: datetime
    actor_id: int
    action: Action
    detail: str


async def note(connection: AsyncConnection, actor_id: int, action: Action, detail: object) -> None:
    """Add an entry. It is committed together with its change, or not at all."""
    await connection.execute(
        insert(audit).values(at=datetime.now(UTC), actor_id=actor_id, action=action, detail=str(detail))
    )

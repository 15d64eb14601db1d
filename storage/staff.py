"""Who runs the bot: roles, bans, switches, and the log of what they did."""

from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import delete, func, insert, select

from storage.audit import Action, AuditEntry, note
from storage.cipher import Cipher
from storage.connections import Transactions
from storage.tables import audit, bans, roles, switches


class Role(StrEnum):
    """What somebody may do. An owner is named in the settings, never in the database."""

    OWNER = "owner"
    ADMIN = "admin"
    REVIEWER = "reviewer"


class Switch(StrEnum):
    """What is either on or off for everybody."""

    MAINTENANCE = "maintenance"


class Staff:
    """Every change stands in the audit log, written in the same transaction. Nothing takes an entry back."""

    def __init__(self, transactions: Transactions, cipher: Cipher) -> None:
        self._transactions = transactions
        self._cipher = cipher

    async def roles(self) -> dict[int, Role]:
        """Everybody with a role, by user id."""
        async with self._transactions.read() as connection:
            rows = await connection.execute(select(roles.c.user_id, roles.c.role).order_by(roles.c.user_id))
            return {row.user_id: Role(row.role) for row in rows}

    async def grant(self, actor_id: int, user_id: int, role: Role) -> None:
        """Give somebody a role in place of the one they may have. Raises ValueError for the owner's."""
        if role is Role.OWNER:
            raise ValueError("owners are named in the settings")
        async with self._transactions.write() as connection:
            await connection.execute(delete(roles).where(roles.c.user_id == user_id))
            await connection.execute(insert(roles).values(user_id=user_id, role=role, since=datetime.now(UTC)))
            await note(connection, actor_id, Action.GRANT, f"{role} {user_id}")

    async def revoke(self, actor_id: int, user_id: int) -> bool:
        """Take somebody's role away; False if they had none."""
        async with self._transactions.write() as connection:
            if (await connection.execute(delete(roles).where(roles.c.user_id == user_id))).rowcount == 0:
                return False
            await note(connection, actor_id, Action.REVOKE, str(user_id))
        return True

    def fingerprint(self, user_id: int) -> str:
        """What stands for a person who is banned: it tells who it is only to whoever asks for this very person."""
        return self._cipher.fingerprint(str(user_id), "bans")

    async def banned(self) -> set[str]:
        """The fingerprints of all who are banned."""
        async with self._transactions.read() as connection:
            return set((await connection.execute(select(bans.c.fingerprint))).scalars())

    async def ban(self, actor_id: int, user_id: int) -> bool:
        """Shut somebody out; False if they are already.

        It outlives the erasure of their data, because nothing in it or in the audit log names them.
        """
        fingerprint = self.fingerprint(user_id)
        async with self._transactions.write() as connection:
            known = select(func.count()).select_from(bans).where(bans.c.fingerprint == fingerprint)
            if (await connection.execute(known)).scalar_one():
                return False
            await connection.execute(insert(bans).values(fingerprint=fingerprint, since=datetime.now(UTC)))
            await note(connection, actor_id, Action.BAN, fingerprint[:8])
        return True

    async def unban(self, actor_id: int, user_id: int) -> bool:
        """Let somebody in again; False if they were not banned."""
        fingerprint = self.fingerprint(user_id)
        async with self._transactions.write() as connection:
            if (await connection.execute(delete(bans).where(bans.c.fingerprint == fingerprint))).rowcount == 0:
                return False
            await note(connection, actor_id, Action.UNBAN, fingerprint[:8])
        return True

    async def switched_on(self) -> set[Switch]:
        async with self._transactions.read() as connection:
            return {Switch(name) for name in (await connection.execute(select(switches.c.name))).scalars()}

    async def switch(self, actor_id: int, switch: Switch, *, on: bool) -> bool:
        """Turn something on or off; False if it is so already."""
        async with self._transactions.write() as connection:
            is_on = (await connection.execute(select(switches).where(switches.c.name == switch))).first() is not None
            if is_on == on:
                return False
            if on:
                await connection.execute(insert(switches).values(name=switch, since=datetime.now(UTC)))
            else:
                await connection.execute(delete(switches).where(switches.c.name == switch))
            await note(connection, actor_id, Action.SWITCH_ON if on else Action.SWITCH_OFF, switch)
        return True

    async def log(self, actor_id: int, action: Action, detail: str) -> None:
        """Note what somebody did elsewhere, such as a broadcast by its number."""
        async with self._transactions.write() as connection:
            await note(connection, actor_id, action, detail)

    async def last(self, action: Action) -> str | None:
        """The detail of the newest entry of a kind, None where there is none."""
        newest = select(audit.c.detail).where(audit.c.action == action).order_by(audit.c.id.desc()).limit(1)
        async with self._transactions.read() as connection:
            return (await connection.execute(newest)).scalar_one_or_none()

    async def audit_page(self, offset: int, limit: int) -> tuple[list[AuditEntry], int]:
        """Entries of the audit log, newest first, and how many there are in all."""
        async with self._transactions.read() as connection:
            total = (await connection.execute(select(func.count()).select_from(audit))).scalar_one()
            page = select(audit).order_by(audit.c.id.desc()).offset(offset).limit(limit)
            rows = (await connection.execute(page)).all()
        return [AuditEntry(**{**row._mapping, "action": Action(row.action)}) for row in rows], total

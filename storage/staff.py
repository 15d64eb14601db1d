"""The staff: roles, bans, switches, and the audit log."""

from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import delete, func, insert, select

from storage.audit import Action, AuditEntry, note
from storage.cipher import Cipher
from storage.connections import Transactions
from storage.tables import audit, bans, roles, switches


class Role(StrEnum):
    """A role of the staff. Owners are named in the settings, never in the database."""

    OWNER = "owner"
    ADMIN = "admin"
    REVIEWER = "reviewer"


class Switch(StrEnum):
    """A setting that is on or off for everybody."""

    MAINTENANCE = "maintenance"


class Staff:
    """Every change writes an entry into the audit log in the same transaction. No entry can be removed."""

    def __init__(self, transactions: Transactions, cipher: Cipher) -> None:
        self._transactions = transactions
        self._cipher = cipher

    async def roles(self) -> dict[int, Role]:
        """Everybody with a role, by user id."""
        async with self._transactions.read() as connection:
            rows = await connection.execute(select(roles.c.user_id, roles.c.role).order_by(roles.c.user_id))
            return {row.user_id: Role(row.role) for row in rows}

    async def grant(self, actor_id: int, user_id: int, role: Role) -> None:
        """Give somebody a role, which replaces an earlier one. Raises ValueError for the owner's role."""
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
        """A keyed hash that stands for a banned person. It can be checked for a known id but not turned back into
        one."""
        return self._cipher.fingerprint(str(user_id), "bans")

    async def banned(self) -> set[str]:
        """The fingerprints of all who are banned."""
        async with self._transactions.read() as connection:
            return set((await connection.execute(select(bans.c.fingerprint))).scalars())

    async def ban(self, actor_id: int, user_id: int) -> bool:
        """Ban somebody; False if they are banned already.

        The ban stays after the erasure of their data, because neither it nor the audit log names them.
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
        """Lift a ban; False if they were not banned."""
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
        """Turn a switch on or off; False if nothing changes."""
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
        """Log an action that changes no staff data, such as sending a broadcast."""
        async with self._transactions.write() as connection:
            await note(connection, actor_id, action, detail)

    async def last(self, action: Action) -> str | None:
        """The detail of the newest entry of a kind; None if there is none."""
        newest = select(audit.c.detail).where(audit.c.action == action).order_by(audit.c.id.desc()).limit(1)
        async with self._transactions.read() as connection:
            return (await connection.execute(newest)).scalar_one_or_none()

    async def audit_page(self, offset: int, limit: int) -> tuple[list[AuditEntry], int]:
        """Entries of the audit log, newest first, and their total number."""
        async with self._transactions.read() as connection:
            total = (await connection.execute(select(func.count()).select_from(audit))).scalar_one()
            page = select(audit).order_by(audit.c.id.desc()).offset(offset).limit(limit)
            rows = (await connection.execute(page)).all()
        return [AuditEntry(**{**row._mapping, "action": Action(row.action)}) for row in rows], total

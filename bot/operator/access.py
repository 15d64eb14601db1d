"""Who may do what: owners (in the settings), staff (in the database), and banned people."""

from collections.abc import Collection

from storage.audit import Action
from storage.staff import Role, Staff, Switch

RANKS = (Role.REVIEWER, Role.ADMIN, Role.OWNER)


class Access:
    """Roles and bans in memory, because every update needs them. `load` reads the database; changes go through here.

    Args:
        staff: stores roles, bans and switches.
        owner_ids: who may always do everything (ADMIN_IDS).
    """

    def __init__(self, staff: Staff, owner_ids: Collection[int]) -> None:
        self._staff = staff
        self._owner_ids = frozenset(owner_ids)
        self._roles: dict[int, Role] = {}
        self._banned: set[str] = set()
        self._on: set[Switch] = set()

    async def load(self) -> None:
        self._roles = await self._staff.roles()
        self._banned = await self._staff.banned()
        self._on = await self._staff.switched_on()

    def staff(self) -> dict[int, Role]:
        """Everybody with a role, owners first."""
        return dict.fromkeys(sorted(self._owner_ids), Role.OWNER) | {
            user_id: role for user_id, role in self._roles.items() if user_id not in self._owner_ids
        }

    def may(self, user_id: int, needed: Role) -> bool:
        """Whether somebody has this role or one above it."""
        role = self.staff().get(user_id)
        return role is not None and RANKS.index(role) >= RANKS.index(needed)

    def is_banned(self, user_id: int) -> bool:
        # Staff cannot be banned, because a mistake could not be undone.
        return bool(self._banned) and user_id not in self.staff() and self._staff.fingerprint(user_id) in self._banned

    @property
    def under_maintenance(self) -> bool:
        return Switch.MAINTENANCE in self._on

    async def grant(self, actor_id: int, user_id: int, role: Role) -> None:
        await self._staff.grant(actor_id, user_id, role)
        await self.load()

    async def revoke(self, actor_id: int, user_id: int) -> bool:
        """Take a role away; False if there was none. Owners keep theirs."""
        revoked = await self._staff.revoke(actor_id, user_id)
        await self.load()
        return revoked

    async def ban(self, actor_id: int, user_id: int) -> bool:
        """Ban somebody; False if they are banned already or belong to the staff."""
        banned = user_id not in self.staff() and await self._staff.ban(actor_id, user_id)
        await self.load()
        return banned

    async def unban(self, actor_id: int, user_id: int) -> bool:
        unbanned = await self._staff.unban(actor_id, user_id)
        await self.load()
        return unbanned

    async def set_maintenance(self, actor_id: int, *, on: bool) -> bool:
        """Begin or end maintenance; False if nothing changes."""
        switched = await self._staff.switch(actor_id, Switch.MAINTENANCE, on=on)
        await self.load()
        return switched

    async def log(self, actor_id: int, action: Action, detail: str) -> None:
        await self._staff.log(actor_id, action, detail)

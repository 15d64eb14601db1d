"""Another model that answers a share of the people, always the same people."""

import hashlib
from collections.abc import Hashable
from dataclasses import dataclass

from inference.engine.pool import Pool


@dataclass(frozen=True)
class Canary:
    """A running pool, and the people that it answers.

    Attributes:
        pool: reads their photos.
        name: of the model; each model is tried on other people.
        share: of all owners, 0..1.
    """

    pool: Pool
    name: str
    share: float

    def answers(self, owner: Hashable) -> bool:
        """Whether the pool answers this owner."""
        digest = hashlib.sha256(f"{self.name} {owner!r}".encode()).digest()
        return int.from_bytes(digest[:8], "big") < self.share * 2**64

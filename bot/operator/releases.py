"""The released classifiers: lists them, says which one serves, and switches to another one without a stop."""

import asyncio
import logging
import zlib
from collections.abc import Callable
from pathlib import Path

from bot.operator.access import Access
from inference.engine.engine import Engine, ServedModel
from inference.engine.pool import Pool
from inference.registry.registry import RegistryError, read_registry
from storage.audit import Action
from storage.staff import Staff

logger = logging.getLogger(__name__)

# Text in the audit log when the registry decides again which release serves.
FOLLOW = "the registry's own"


def fingerprint(model: ServedModel) -> str:
    """Eight hexadecimal digits for a model's name and version, because names may be longer than a button's 64 bytes."""
    return f"{zlib.crc32(key(model).encode()):08x}"


def key(model: ServedModel) -> str:
    """The name of a release in the registry."""
    return f"{model.name}-{model.version}"


class Releases:
    """Reads the registry each time, so that a new release is available without a restart.

    Args:
        engine: answers with the served models.
        weights: folder of the registry.
        build: makes the pool of a classifier; None is the one that the registry serves.
    """

    def __init__(self, engine: Engine, weights: Path, build: Callable[[str | None], Pool], access: Access) -> None:
        self._engine = engine
        self._weights = weights
        self._build = build
        self._access = access

    async def classifiers(self) -> list[ServedModel]:
        """All released classifiers, newest first. Raises RegistryError."""
        file = await asyncio.to_thread(read_registry, self._weights)
        return [
            ServedModel("classifier", each.name, each.version, each.metrics, each.licence)
            for each in reversed(file.classifiers)
        ]

    def serves(self, model: ServedModel) -> bool:
        """Whether this model serves now."""
        return key(model) in map(key, self._engine.models)

    async def activate(self, actor_id: int, model: ServedModel) -> None:
        """Switch to a released classifier, from the next photo on and after restarts.

        Raises RegistryError or AnalysisFailed if it cannot be served. Then the old one stays.
        """
        await self._engine.exchange(self._build(key(model)))
        registry = await asyncio.to_thread(read_registry, self._weights)
        chosen = key(model)
        await self._access.log(actor_id, Action.ACTIVATE, FOLLOW if chosen == registry.classifier else chosen)
        logger.info("serving %s", chosen)


async def chosen_classifier(staff: Staff, weights: Path) -> str | None:
    """The classifier that was activated in the chat; None if the registry decides."""
    chosen = await staff.last(Action.ACTIVATE)
    if chosen is None or chosen == FOLLOW:
        return None
    try:
        file = await asyncio.to_thread(read_registry, weights)
    except RegistryError:
        # The engine will report the error.
        return None
    if chosen in (each.key for each in file.classifiers):
        return chosen
    logger.warning("%s was activated in the chat and is no longer released: serving the registry's own", chosen)
    return None

"""Whether the last photos and answers look like the validation set; see `inference.drift`."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from inference.domains import DOMAINS, Domain
from inference.drift import PSI_LIMIT, Reference, references
from inference.engine.engine import Engine
from storage.statistics import Handled

RECENT = timedelta(days=7)


@dataclass(frozen=True)
class Drift:
    """How `photos` photos of a kind differ from those of `val`: the stability index of the classes and each feature.

    There is no index if either side has too few photos.
    """

    domain: Domain
    photos: int
    indices: Mapping[str, float]

    @property
    def departed(self) -> list[str]:
        """Features beyond the limit, the furthest first."""
        beyond = [name for name, index in self.indices.items() if index >= PSI_LIMIT]
        return sorted(beyond, key=self.indices.__getitem__, reverse=True)


class Validation:
    """What the validation set looked like to the classifier that serves.

    Args:
        engine: answers.
        weights: folder of the reports.
    """

    def __init__(self, engine: Engine, weights: Path) -> None:
        self._engine = engine
        self._weights = weights

    async def compare(self, handled: Sequence[Handled], now: datetime | None = None) -> list[Drift]:
        """The drift of the last seven days' answers of this classifier, for each kind of photo that `val` has."""
        classifier = next((f"{each.name} {each.version}" for each in self._engine.models), "")
        return await asyncio.to_thread(self._compare, handled, classifier, (now or datetime.now(UTC)) - RECENT)

    def _compare(self, handled: Sequence[Handled], classifier: str, since: datetime) -> list[Drift]:
        recent = [each for each in handled if each.created_at >= since]
        return against(references(self._weights, classifier), classifier, recent)


def against(known: Mapping[Domain, Reference], classifier: str, handled: Iterable[Handled]) -> list[Drift]:
    """The drift of this classifier's answers against what is known of `val`."""
    seen: dict[str, list[tuple[str, Mapping[str, float]]]] = {domain: [] for domain in DOMAINS}
    for each in handled:
        result = each.result or {}
        # The person's answers may have changed the class. In `val`, only the photo counts.
        label = (result.get("before") or result).get("label")
        domain, model = result.get("domain"), result.get("models", {}).get("classifier")
        if label is not None and model == classifier and domain in seen:
            seen[domain].append((label, result.get("features", {})))
    return [
        Drift(domain, len(seen[domain]), known[domain].drift(seen[domain])) for domain in DOMAINS if domain in known
    ]

"""How far two labels of a photo agree beyond chance."""

from collections import Counter
from collections.abc import Sequence


def cohens_kappa(pairs: Sequence[tuple[str, str]]) -> float | None:
    """Cohen's kappa of the first and the second label of each photo: 1 is full agreement, 0 is the agreement of chance.

    J. Cohen, "A coefficient of agreement for nominal scales", Educational and Psychological Measurement 20, 1960. None
    if it is undefined: there are no pairs, or all labels are the same.
    """
    if not pairs:
        return None
    total = len(pairs)
    observed = sum(first == second for first, second in pairs) / total
    firsts, seconds = Counter(first for first, _ in pairs), Counter(second for _, second in pairs)
    expected = sum(count * seconds[label] for label, count in firsts.items()) / total**2
    return None if expected == 1 else (observed - expected) / (1 - expected)

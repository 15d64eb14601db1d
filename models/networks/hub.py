"""Pretrained weights of timm and open_clip, from their hub or its cache; otherwise one quick error."""

from __future__ import annotations

import logging
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from huggingface_hub import constants

from models.errors import WeightsUnavailable

TIMEOUT_SECONDS: Final = 5.0
"""Time limit for the hub in seconds. The library itself would try each file six times, for almost a minute."""


@contextmanager
def loading(what: str) -> Iterator[None]:
    """A context in which to load pretrained weights.

    Args:
        what: name of the weights, for the message.

    Raises:
        WeightsUnavailable: they are not available on this machine.
    """
    if not constants.HF_HUB_OFFLINE and not _reachable():
        constants.HF_HUB_OFFLINE = True  # only in this process; weights in the cache are still found
    try:
        with _quiet():
            yield
    except FileNotFoundError as error:  # both libraries raise these; the hub's own error is an OSError
        raise WeightsUnavailable(f"weights not available here: {what}") from error


def _reachable() -> bool:
    request = urllib.request.Request(constants.ENDPOINT, method="HEAD")
    try:
        urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS).close()
    except urllib.error.HTTPError:  # it answered
        return True
    except OSError:
        return False
    return True


@contextmanager
def _quiet() -> Iterator[None]:
    """Hide the libraries' own messages about a failure. The error says enough."""
    before, silent = logging.root.manager.disable, logging.NullHandler()
    logging.root.addHandler(silent)  # without one, open_clip would install one for the whole process
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)
        logging.root.removeHandler(silent)

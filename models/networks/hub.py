"""Pretrained weights of timm and open_clip: from their hub or its cache, else an error at once, and never noise."""

from __future__ import annotations

import logging
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from huggingface_hub import constants

from models.errors import WeightsUnavailable

PATIENCE: Final = 5.0
"""Seconds that the hub has to answer. The library itself tries each file six times, for most of a minute."""


@contextmanager
def loading(what: str) -> Iterator[None]:
    """Load pretrained weights in here.

    Args:
        what: name of the weights, for the message.

    Raises:
        WeightsUnavailable: they cannot be had on this machine.
    """
    if not constants.HF_HUB_OFFLINE and not _reachable():
        constants.HF_HUB_OFFLINE = True  # of one process: what is in the cache is still found
    try:
        with _quiet():
            yield
    except FileNotFoundError as error:  # what both libraries raise, the hub's own error being one
        raise WeightsUnavailable(f"weights not available here: {what}") from error


def _reachable() -> bool:
    request = urllib.request.Request(constants.ENDPOINT, method="HEAD")
    try:
        urllib.request.urlopen(request, timeout=PATIENCE).close()
    except urllib.error.HTTPError:  # it answered
        return True
    except OSError:
        return False
    return True


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the libraries' own words about a failure off the screen; the error says all."""
    before, silent = logging.root.manager.disable, logging.NullHandler()
    logging.root.addHandler(silent)  # without any, open_clip's first word would install one for the whole process
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)
        logging.root.removeHandler(silent)

"""Shared by all tests: compiled translations, as after `make setup`."""

import os
from itertools import chain
from pathlib import Path

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

import inference  # noqa: F401  # before a test imports onnxruntime

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session", autouse=True)
def compiled_translations() -> None:
    """Tests never use catalogs that are older than their sources."""
    for source in chain.from_iterable(
        (ROOT / package).rglob("LC_MESSAGES/*.po") for package in ("bot", "inference", "web")
    ):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        with source.open("rb") as file:
            catalog = read_po(file, locale=source.parts[-3])
        # Whole or not at all: tests in another process may be reading it.
        unfinished = target.with_suffix(f".{os.getpid()}.mo")
        with unfinished.open("wb") as file:
            write_mo(file, catalog)
        unfinished.replace(target)

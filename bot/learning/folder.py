"""A folder that mirrors the pool. Photos that left the pool are removed, and only the folder's owner can read it."""

import os
from pathlib import Path
from typing import Final

MODE: Final = 0o600
FOLDER_MODE: Final = 0o700


class Mirror:
    """Writes files into a folder; `close` removes what an earlier export left there and this one did not write.

    Args:
        root: the folder; created if missing.
        parts: the folders and files in it that belong to exports. Nothing else in it is touched.

    Raises:
        OSError: it cannot be written.
    """

    def __init__(self, root: Path, parts: tuple[str, ...]) -> None:
        self._root = root
        self._parts = parts
        self._written: set[Path] = set()
        root.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)

    def write(self, name: str, content: bytes) -> None:
        """Write a file, or replace an earlier one, atomically. Blocking."""
        path = self._root / name
        path.parent.mkdir(mode=FOLDER_MODE, exist_ok=True)
        self._written.add(path)
        fresh = path.with_name(f".{path.name}.new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, MODE)
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, MODE)
            file.write(content)
        fresh.replace(path)

    def close(self) -> int:
        """Remove files of photos that left the pool; returns how many. Blocking."""
        gone = 0
        for part in self._parts:
            path = self._root / part
            for each in sorted(path.rglob("*")) if path.is_dir() else [path]:
                if each.is_file() and each not in self._written:
                    each.unlink()
                    gone += 1
        return gone

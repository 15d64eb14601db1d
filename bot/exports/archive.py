"""ZIP files in memory, each small enough for one message."""

import io
import zipfile

# Telegram takes documents of up to 50 MB.
MOST_BYTES = 40 * 1024 * 1024
_COMPRESSED_ALREADY = (".jpg", ".pdf")


class Archive:
    """Packs files into ZIPs, one after another. At most one ZIP is in memory.

    Args:
        most_bytes: the limit for one ZIP. A larger file gets its own ZIP.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._files: list[tuple[str, bytes]] = []
        self._bytes = 0

    def add(self, name: str, content: bytes) -> bytes | None:
        """Add a file. If it does not fit, returns the finished ZIP and begins a new one. Blocking."""
        full = None
        if self._files and self._bytes + len(content) > self._most_bytes:
            full = self.close()
        self._files.append((name, content))
        self._bytes += len(content)
        return full

    def close(self) -> bytes:
        """Return the last ZIP. Blocking."""
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as written:
            for name, content in self._files:
                packed = zipfile.ZIP_STORED if name.endswith(_COMPRESSED_ALREADY) else zipfile.ZIP_DEFLATED
                written.writestr(name, content, packed)
        self._files, self._bytes = [], 0
        return buffer.getvalue()

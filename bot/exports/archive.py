"""ZIP files in memory, each small enough for one message."""

import io
import zipfile

# Telegram takes documents of up to 50 MB.
MOST_BYTES = 40 * 1024 * 1024
_COMPRESSED_ALREADY = (".jpg", ".pdf")


class Archive:
    """Files put into one ZIP after another; the content of never more than one of them is in memory.

    Args:
        most_bytes: what one ZIP may hold. A single file that is larger gets one of its own.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._files: list[tuple[str, bytes]] = []
        self._bytes = 0

    def add(self, name: str, content: bytes) -> bytes | None:
        """Put a file in. Gives the ZIP before it where that had no room left. Blocking."""
        full = None
        if self._files and self._bytes + len(content) > self._most_bytes:
            full = self.close()
        self._files.append((name, content))
        self._bytes += len(content)
        return full

    def close(self) -> bytes:
        """The ZIP of what was put in last. Blocking."""
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as written:
            for name, content in self._files:
                packed = zipfile.ZIP_STORED if name.endswith(_COMPRESSED_ALREADY) else zipfile.ZIP_DEFLATED
                written.writestr(name, content, packed)
        self._files, self._bytes = [], 0
        return buffer.getvalue()

"""ZIP files of a bounded size."""

import io
import zipfile

from bot.exports.archive import Archive


def names(content: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(content)) as opened:
        assert opened.testzip() is None
        return opened.namelist()


def test_what_has_no_room_left_goes_into_the_next_archive() -> None:
    archive = Archive(most_bytes=1000)
    assert archive.add("a.jpg", b"a" * 600) is None
    full = archive.add("b.jpg", b"b" * 600)
    assert full is not None and names(full) == ["a.jpg"]
    # What alone is too much is not split.
    full = archive.add("c.jpg", b"c" * 5000)
    assert full is not None and names(full) == ["b.jpg"]
    assert names(archive.close()) == ["c.jpg"]


def test_texts_are_compressed_and_pictures_are_not() -> None:
    archive = Archive()
    archive.add("a.json", b" " * 100_000)
    small = len(archive.close())
    archive = Archive()
    archive.add("a.jpg", b" " * 100_000)
    assert small < 1000 < 100_000 < len(archive.close())

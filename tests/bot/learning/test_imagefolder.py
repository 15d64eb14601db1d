"""The pool as a folder that a training reads: what is in it, who can read it, and what goes again."""

import csv
import io
import stat
from pathlib import Path

import numpy as np
from PIL import Image

from bot.learning.folder import Mirror
from bot.learning.imagefolder import PARTS, ImageFolder
from models.data.ham10000 import Split
from models.data.pictures import NO_CLASS, load_photos
from storage.database import Database
from storage.records import Purpose
from tests.bot.learning.filling import PEOPLE, agree, keep, label, masks, picture

FIRST, SECOND = PEOPLE


async def written(database: Database, root: Path) -> int:
    """Export the pool; gives how many files are removed."""
    mirror = Mirror(root, PARTS)
    folder = ImageFolder(mirror)
    async for photo in database.training_pool.all():
        folder.add(photo)
    folder.close()
    return mirror.close()


def files(root: Path) -> list[str]:
    return sorted(str(each.relative_to(root)) for each in root.rglob("*") if each.is_file())


def table(root: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((root / "labels.csv").read_text())))


async def test_photos_whose_label_is_decided_are_written_with_their_outline(database: Database, tmp_path: Path) -> None:
    for person in PEOPLE:
        await agree(database, person)
    outlined, rejected, undecided, unsure, begun = [await keep(database, FIRST, number) for number in range(5)]
    other = await keep(database, SECOND, 9)
    await label(database, outlined, "mel", "mel", outline=1)
    await label(database, rejected, "nv", "bcc", "nv", outline=-1)
    await label(database, undecided, "nv", "bcc", "mel")
    await label(database, unsure, "unsure", "unsure")
    await label(database, begun, "nv")
    await label(database, other, "not_lesion", "not_lesion")
    root = tmp_path / "out" / "pool"
    await written(database, root)
    assert files(root) == sorted(
        [*(f"images/{each}.jpg" for each in (outlined, rejected, other)), f"masks/{outlined}.png", "labels.csv"]
    )
    rows = table(root)
    assert list(rows[0]) == ["image", "label", "lesion", "person", "domain"]
    assert [(int(each["image"]), each["label"], each["domain"]) for each in rows] == [
        (outlined, "mel", "phone"), (rejected, "nv", "phone"), (other, "not_lesion", "phone"),
    ]  # fmt: skip
    assert rows[0]["person"] == rows[1]["person"] != rows[2]["person"]
    assert len({each["lesion"] for each in rows}) == 3
    assert (root / f"images/{outlined}.jpg").read_bytes() == picture()
    mask = np.asarray(Image.open(root / f"masks/{outlined}.png"))
    assert mask.dtype == np.uint8 and set(np.unique(mask)) == {0, 255}
    assert np.array_equal(mask > 127, masks()[1])


async def test_a_training_reads_what_is_written(database: Database, tmp_path: Path) -> None:
    for person in PEOPLE:
        await agree(database, person)
    outlined, other = await keep(database, FIRST, 1), await keep(database, SECOND, 2)
    await label(database, outlined, "mel", "mel", outline=0)
    await label(database, other, "not_lesion", "not_lesion")
    await written(database, tmp_path / "pool")
    splits: tuple[Split, ...] = ("train", "test")
    photos = {each.image_id: each for split in splits for each in load_photos([tmp_path / "pool"], split).photos}
    assert photos.keys() == {f"pool_{outlined}", f"pool_{other}"}
    read = photos[f"pool_{outlined}"]
    mask = read.mask()
    assert (read.dx, read.domain) == ("mel", "phone") and mask is not None and np.array_equal(mask, masks()[0])
    unknown = photos[f"pool_{other}"]
    assert unknown.label == NO_CLASS and unknown.mask() is None


async def test_nobody_else_can_read_what_is_written(database: Database, tmp_path: Path) -> None:
    await agree(database, FIRST)
    await label(database, await keep(database, FIRST, 1), "nv", "nv", outline=0)
    root = tmp_path / "pool"
    await written(database, root)
    assert {stat.S_IMODE((root / each).stat().st_mode) for each in files(root)} == {0o600}
    assert {stat.S_IMODE(each.stat().st_mode) for each in (root, root / "images", root / "masks")} == {0o700}


async def test_the_next_export_removes_what_was_withdrawn_and_nothing_else(database: Database, tmp_path: Path) -> None:
    root = tmp_path / "pool"
    for person in PEOPLE:
        await agree(database, person)
    gone, stays = await keep(database, FIRST, 1), await keep(database, SECOND, 2)
    for number in (gone, stays):
        await label(database, number, "nv", "nv", outline=0)
    await written(database, root)
    (root / "notes.txt").write_text("mine")
    # What a kill in the middle leaves.
    (root / "images" / ".7.jpg.new").write_bytes(b"half a photo")
    await database.consents.withdraw(FIRST, Purpose.TRAINING)
    assert await written(database, root) == 3
    assert files(root) == sorted([f"images/{stays}.jpg", f"masks/{stays}.png", "labels.csv", "notes.txt"])
    assert [int(each["image"]) for each in table(root)] == [stays]

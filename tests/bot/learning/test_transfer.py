"""The pool in each form, labels that come back in each form, and the command beside a running bot."""

import asyncio
import csv
import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select

from bot.learning.__main__ import main
from bot.learning.masks import added, pack, size_of, unpack
from bot.learning.transfer import Form, NotImportable, Outside, export, read_labels, take
from bot.learning.words import LABELS
from bot.ui.i18n import load_i18n
from bot.ui.staff import audit_list
from storage.audit import COMMAND_LINE, Action
from storage.database import Database
from storage.pool_tables import pool_photos
from storage.records import Purpose
from tests.bot.learning.filling import PEOPLE, agree, keep, label, masks

FIRST, SECOND = PEOPLE


async def filled(database: Database) -> tuple[int, int]:
    """One photo whose label and outline are decided, and one without a label, of two people."""
    for person in PEOPLE:
        await agree(database, person)
    decided, fresh = await keep(database, FIRST, 1), await keep(database, SECOND, 2)
    await label(database, decided, "mel", "mel", outline=0)
    return decided, fresh


def pictures(root: Path) -> list[str]:
    return sorted(each.name for each in (root / "images").iterdir())


async def test_coco_has_all_photos_and_the_outlines_found_right(database: Database, tmp_path: Path) -> None:
    decided, fresh = await filled(database)
    done = await export(database, tmp_path / "coco", Form.COCO)
    assert (done.photos, done.removed) == (2, 0)
    content = json.loads((tmp_path / "coco" / "annotations.json").read_bytes())
    assert [each["file_name"] for each in content["images"]] == [f"images/{decided}.jpg", f"images/{fresh}.jpg"]
    names = {each["id"]: each["name"] for each in content["categories"]}
    [annotation] = content["annotations"]
    assert annotation["image_id"] == decided and names[annotation["category_id"]] == "mel"
    mask = masks()[0]
    [polygon] = annotation["segmentation"]
    again = np.zeros(mask.shape, np.uint8)
    cv2.fillPoly(again, [np.array(polygon, np.int32).reshape(-1, 2)], 1)
    assert np.array_equal(again > 0, mask) and annotation["area"] == mask.sum()
    left, top, width, height = annotation["bbox"]
    assert mask[top : top + height, left : left + width].sum() == mask.sum()


async def test_whoever_labels_in_label_studio_sees_what_nobody_said(database: Database, tmp_path: Path) -> None:
    decided, fresh = await filled(database)
    await export(database, tmp_path / "tasks", Form.LABEL_STUDIO)
    tasks = json.loads((tmp_path / "tasks" / "tasks.json").read_bytes())
    assert tasks == [{"data": {"image": f"/data/local-files/?d=images/{each}.jpg"}} for each in (decided, fresh)]
    config = ET.parse(tmp_path / "tasks" / "config.xml")
    assert [each.get("value") for each in config.iter("Choice")] == list(LABELS)
    assert pictures(tmp_path / "tasks") == [f"{decided}.jpg", f"{fresh}.jpg"]


@pytest.mark.parametrize("form", list(Form))
async def test_a_withdrawn_photo_leaves_every_form(database: Database, tmp_path: Path, form: Form) -> None:
    decided, _ = await filled(database)
    await export(database, tmp_path / "out", form)
    assert f"{decided}.jpg" in pictures(tmp_path / "out")
    await database.consents.withdraw(FIRST, Purpose.TRAINING)
    done = await export(database, tmp_path / "out", form)
    assert done.removed >= 1 and f"{decided}.jpg" not in pictures(tmp_path / "out")
    left = b"".join(each.read_bytes() for each in (tmp_path / "out").iterdir() if each.is_file())
    assert f"images/{decided}.jpg".encode() not in left and b"mel," not in left


def from_label_studio(number: int, *labelled: tuple[object, list[str]]) -> list[dict[str, Any]]:
    """As Label Studio exports a task with annotations."""
    annotations = [
        {"completed_by": who, "result": [{"type": "choices", "value": {"choices": chosen}}]} for who, chosen in labelled
    ]
    cancelled = {"completed_by": 9, "was_cancelled": True, "result": []}
    return [
        {
            "id": 5,
            "data": {"image": f"/data/local-files/?d=images/{number}.jpg"},
            "annotations": [*annotations, cancelled],
        }
    ]


def test_labels_are_read_from_every_form(tmp_path: Path) -> None:
    table = tmp_path / "labels.csv"
    with table.open("w", newline="") as file:
        csv.writer(file).writerows([("image", "label", "lesion"), (7, "nv", "x"), ("8.jpg", "mel", "y")])
    assert read_labels(table) == [Outside(7, "nv"), Outside(8, "mel")]
    for name in ("nv/7.jpg", "mel/8.jpg"):
        (tmp_path / "folders" / name).parent.mkdir(parents=True)
        (tmp_path / "folders" / name).write_bytes(b"")
    assert set(read_labels(tmp_path / "folders")) == {Outside(7, "nv"), Outside(8, "mel")}
    studio = tmp_path / "studio.json"
    studio.write_text(json.dumps(from_label_studio(7, (3, ["nv"]), ({"id": 4, "email": "a@b.c"}, ["bcc"]))))
    assert read_labels(studio) == [Outside(7, "nv", "3"), Outside(7, "bcc", "a@b.c")]


async def test_what_coco_has_is_read_again_with_its_outline(database: Database, tmp_path: Path) -> None:
    decided, _ = await filled(database)
    await export(database, tmp_path / "coco", Form.COCO)
    [again] = labels = read_labels(tmp_path / "coco" / "annotations.json")
    assert (again.request_id, again.label) == (decided, "mel")
    await take(database, labels, "Dr. Weber")
    # It is the outline that the photo had already.
    assert [each.outline for each in await database.labels.of(decided)] == [0, 0, 0]
    photo = await database.training_pool.get(decided)
    assert photo is not None and len(unpack(photo.outlines)) == 2


async def test_an_outline_drawn_outside_joins_those_of_its_photo(database: Database, tmp_path: Path) -> None:
    decided, fresh = await filled(database)
    before = await database.training_pool.size()
    task = from_label_studio(fresh, (3, ["nv"]))
    square = {"points": [[10, 10], [30, 10], [30, 40], [10, 40]], "closed": True}
    task[0]["annotations"][0]["result"].append({"type": "polygon", "value": square})
    studio = tmp_path / "studio.json"
    studio.write_text(json.dumps(task))
    # The second time it is known.
    for name in ("Dr. Weber", "Dr. Adams"):
        await take(database, read_labels(studio), name)
    assert [each.outline for each in await database.labels.of(fresh)] == [2, 2]
    photo = await database.training_pool.get(fresh)
    assert photo is not None
    width, height = size_of(photo.picture)
    rows, columns = np.nonzero(unpack(photo.outlines)[2])
    corners = columns.min() / width, rows.min() / height, columns.max() / width, rows.max() / height
    assert corners == pytest.approx((0.1, 0.1, 0.3, 0.4), abs=0.01)
    sizes = [len(each) for each in (await _sealed(database, decided), await _sealed(database, fresh))]
    assert await database.training_pool.size() - before == sizes[1] - sizes[0]
    await export(database, tmp_path / "out")
    mask = cv2.imread(str(tmp_path / "out" / "masks" / f"{fresh}.png"), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(mask > 0, unpack(photo.outlines)[2])


async def _sealed(database: Database, number: int) -> bytes:
    query = select(pool_photos.c.outlines).where(pool_photos.c.request_id == number)
    async with database._transactions.read() as connection:
        return bytes((await connection.execute(query)).scalar_one())


def test_there_is_room_for_eight_outlines() -> None:
    size = (200, 100)
    stripes = [np.zeros((100, 200), bool) for _ in range(9)]
    for number, each in enumerate(stripes):
        each[:, number * 20 : number * 20 + 20] = True
    packed = pack(stripes[:8], size)
    assert added(packed, stripes[8], size) is None
    assert added(packed, stripes[5], size) == (packed, 5)
    assert added(pack(stripes[:2], size), np.zeros((100, 200), bool), size) is None


def coco_file(polygon: list[float]) -> dict[str, Any]:
    return {
        "images": [{"id": 1, "file_name": "images/7.jpg", "width": 20, "height": 20}],
        "categories": [{"id": 1, "name": "nv"}],
        "annotations": [{"image_id": 1, "category_id": 1, "segmentation": [polygon]}],
    }


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("labels.csv", "image,label\n7,flu\n", "7 has the label 'flu'; there are akiec"),
        ("labels.csv", "image,label\n7,nv\n7.jpg,mel\n", "7.jpg has two labels"),
        ("labels.csv", "image,label\nmole.jpg,nv\n", "'mole.jpg' is no picture of an export"),
        ("other.json", json.dumps(coco_file([5, 5, 9, 9])), "images/7.jpg has an outline that encloses nothing"),
        ("other.json", json.dumps(coco_file([5, 5, 9])), "is neither labels.csv"),
        ("labels.csv", "picture,class\n7,nv\n", "is neither labels.csv"),
        ("other.json", '{"some": "thing"}', "is neither labels.csv"),
        ("other.json", "[1, 2]", "is neither labels.csv"),
        ("other.json", "no json", "is neither labels.csv"),
    ],
)
def test_what_cannot_be_imported_is_refused_in_one_line(
    tmp_path: Path, name: str, content: str, complaint: str
) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(NotImportable) as caught:
        read_labels(tmp_path / name)
    assert complaint in str(caught.value) and "\n" not in str(caught.value)


async def test_labels_from_outside_count_as_one_persons_and_replace_their_own(database: Database) -> None:
    _, fresh = await filled(database)
    for said in ("nv", "bkl"):
        done = await take(database, [Outside(fresh, said), Outside(999, "nv")], "Dr. Weber")
        assert (done.taken, done.gone) == (1, 1)
    await take(database, [Outside(fresh, "bkl", "7")], "Label Studio")
    assert [each.label for each in await database.labels.of(fresh)] == ["bkl", "bkl"]
    standing = await database.labels.standing()
    assert standing.decided == 2


async def test_the_command_works_beside_a_running_bot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    key = Fernet.generate_key()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("DATA_KEY", key.decode())
    database = await Database.open(f"sqlite+aiosqlite:///{tmp_path}/bot.db", key)
    decided, fresh = await filled(database)
    out = tmp_path / "pool"
    assert await _run("export", str(out)) == 0
    assert "photos written: 1; files removed, as they are not in the pool any more: 0" in capsys.readouterr().out
    assert pictures(out) == [f"{decided}.jpg"]
    (tmp_path / "back.csv").write_text(f"image,label\n{fresh},nv\n404,nv\n")
    assert await _run("import", "back.csv", "--by", "Dr. Weber") == 0
    assert "labels taken: 1; of photos that are not in the pool any more: 1" in capsys.readouterr().out
    assert [each.label for each in await database.labels.of(fresh)] == ["nv"]
    entries, _ = await database.staff.audit_page(0, 2)
    assert [(each.actor_id, each.action, each.detail) for each in entries] == [
        (COMMAND_LINE, Action.POOL_IMPORT, "1"), (COMMAND_LINE, Action.POOL_EXPORT, "imagefolder 1"),
    ]  # fmt: skip
    with load_i18n().context():
        assert "· command line\ncopied the training pool out (form, photos): imagefolder 1" in audit_list(entries)
    await database.close()


async def _run(*arguments: str) -> int:
    return await asyncio.to_thread(main, list(arguments))


def test_a_mistake_is_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "nowhere"))
    monkeypatch.setenv("DATA_KEY", Fernet.generate_key().decode())
    assert main(["export", str(tmp_path / "out")]) == 2
    assert "there is no database" in capsys.readouterr().err
    assert not (tmp_path / "nowhere").exists()
    assert main(["import", "missing.csv", "--by", "x"]) == 2
    assert capsys.readouterr().err == "missing.csv: No such file or directory\n"

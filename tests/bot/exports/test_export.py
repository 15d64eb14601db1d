"""/export: what is in the files, in both languages."""

import csv
import io
import json
import zipfile
from pathlib import Path

import pypdfium2
import pytest

from bot.exports import desk
from bot.exports.archive import Archive
from bot.exports.tables import results_csv
from bot.moles.buttons import AddTo
from bot.ui.i18n import load_i18n
from storage.records import Outcome, Purpose, Verdict
from tests.bot.learning.filling import PEOPLE, agree, keep, label, picture
from tests.bot.moles.following import answered, begun, stage_with_moles, tap
from tests.bot.stage import EMMA, IVAN, Stage


async def sent(stage: Stage, user: int, number: int = 1) -> list[zipfile.ZipFile]:
    """The files that somebody has got, as soon as there are so many."""

    def found() -> list[str] | None:
        ids = [each.document.file_id for each in stage.heard(user) if each.document]
        return ids if len(ids) >= number else None

    ids = await stage.until(found, seconds=60)
    return [zipfile.ZipFile(io.BytesIO(stage.sandbox.world.files.get(each).data)) for each in ids]


def text(content: bytes) -> str:
    document = pypdfium2.PdfDocument(content)
    pages = [page.get_textpage().get_text_range() for page in document]
    document.close()
    return " ".join(" ".join(pages).split())


@pytest.mark.parametrize(
    ("user", "readme", "words"),
    [
        (EMMA, "What I keep about you", ("Your results", "Melanocytic nevus", "A mole over time")),
        (IVAN, "Что я о вас храню", ("Ваши результаты", "Меланоцитарный невус", "История родинки")),
    ],
)
async def test_everything_kept_is_in_the_file(tmp_path: Path, user: int, readme: str, words: tuple[str, ...]) -> None:
    async with stage_with_moles(tmp_path) as (stage, _pool):
        await stage.audience(user)
        await stage.database.consents.give(user, Purpose.PHOTOS)
        first = await answered(stage, user)
        mole = await begun(stage, user, first)
        second = await answered(stage, user)
        await tap(stage, user, AddTo(request_id=second, mole_id=mole.id).pack())
        await stage.reply(user, "Photos: 2" if user == EMMA else "Фото: 2")
        await stage.database.verdicts.note(first, user, Verdict("nv", True))
        stage.people.write(user, "/export")
        [archive] = await sent(stage, user)
        assert archive.read("README.txt").decode().startswith(readme)
        data = json.loads(archive.read("data.json"))
        assert data["user"]["id"] == user and [each["purpose"] for each in data["consents"]] == ["photos"]
        assert [each["label"] for each in data["doctors_said"]] == ["nv"] and len(data["moles"][0]["photos"]) == 2
        assert {first, second} <= {each["id"] for each in json.loads(archive.read("results.json"))}
        table = list(csv.DictReader(io.StringIO(archive.read("results.csv").decode("utf-8-sig"))))
        assert [each["class"] for each in table if each["outcome"] == "answered"] == ["nv", "nv"]
        photos = list(csv.DictReader(io.StringIO(archive.read("moles.csv").decode("utf-8-sig"))))
        assert [each["photo"] for each in photos] == [str(first), str(second)]
        pages = text(archive.read("reports/results.pdf")) + text(archive.read(f"reports/mole-{mole.id}.pdf"))
        assert all(each in pages for each in words)
        kept = [f"photos/mole-{mole.id}/{number}.jpg" for number in (first, second)]
        assert all(archive.read(each).startswith(b"\xff\xd8") for each in kept)


async def test_photos_for_training_are_in_the_file_with_their_labels(stage: Stage) -> None:
    await stage.audience(EMMA)
    await agree(stage.database, EMMA)
    number = await keep(stage.database, EMMA, 1)
    await label(stage.database, number, "nv", "mel")
    other = await keep_of_another(stage)
    await stage.database.labels.give(other, EMMA, "bkl", outlines=False)
    await stage.say(EMMA, "/delete", "photos kept for training: 1")
    stage.people.write(EMMA, "/export")
    [archive] = await sent(stage, EMMA)
    assert archive.read(f"photos/training/{number}.jpg") == picture()
    data = json.loads(archive.read("data.json"))
    assert data["training"] == [{"request_id": number, "labels": ["nv", "mel"]}]
    assert [(each["photo"], each["label"]) for each in data["labelled_by_you"]] == [(other, "bkl")]
    assert not [each for each in archive.namelist() if str(other) in each]


async def keep_of_another(stage: Stage) -> int:
    """A photo of somebody else in the pool."""
    await agree(stage.database, PEOPLE[0])
    return await keep(stage.database, PEOPLE[0], 1)


async def test_more_than_one_file_holds_goes_into_several(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk, "Archive", lambda: Archive(most_bytes=1500))
    async with stage_with_moles(tmp_path) as (stage, _pool):
        await answered(stage, EMMA)
        stage.people.write(EMMA, "/export")
        await stage.reply(EMMA, "Part 2 of it.")
        archives = await sent(stage, EMMA, 2)
        assert "README.txt" in archives[0].namelist() and "README.txt" not in archives[1].namelist()


async def test_one_export_is_made_at_a_time(stage: Stage) -> None:
    await stage.audience(EMMA)
    stage.application.dispatcher["export_desk"]._in_work.add(EMMA)
    await stage.say(EMMA, "/export", "I am putting your data together already")
    stage.application.dispatcher["export_desk"]._in_work.clear()
    stage.people.write(EMMA, "/export")
    [archive] = await sent(stage, EMMA)
    assert set(archive.namelist()) == {"README.txt", "data.json"}


async def test_whoever_is_erased_meanwhile_gets_no_further_file(tmp_path: Path) -> None:
    async with stage_with_moles(tmp_path) as (stage, _pool):
        await answered(stage, EMMA)
        await stage.database.users.delete(EMMA)
        with load_i18n().context():
            assert await stage.application.dispatcher["export_desk"].send(EMMA)
        assert not [each for each in stage.heard(EMMA) if each.document]


def test_a_note_is_no_formula_in_a_spreadsheet() -> None:
    request = {"id": 1, "created_at": "now", "outcome": Outcome.ANSWERED, "result": None, "note": "=HYPERLINK(1)"}
    assert "'=HYPERLINK(1)" in results_csv([request]).decode("utf-8-sig")

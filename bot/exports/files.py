"""The files of an export, one after another, with only one in memory."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from functools import partial
from typing import Any

from aiogram.utils.i18n import gettext as _

from bot.exports.pages import MOST_RESULTS, mole_pdf, results_pdf
from bot.exports.tables import moles_csv, results_csv
from bot.moles.measurements import Standing
from storage.database import Database

RESULTS_IN_A_FILE = 2000

File = tuple[str, bytes]


async def files(database: Database, user_id: int, operator: str | None) -> AsyncGenerator[File, None]:
    """Names and contents of all files on a person, in the current language.

    Tables and pages are written in threads. Data that is erased meanwhile is left out.
    """
    yield "README.txt", readme().encode()
    moles = await database.moles.export(user_id)
    about = await database.requests.export_person(user_id)
    about |= {
        "moles": moles,
        "second_opinions": await database.opinions.export(user_id),
        "doctors_said": await database.verdicts.export(user_id),
        "shares": await database.shares.export(user_id),
        "training": [each async for each in _training(database, user_id)],
        "labelled_by_you": await database.labels.export(user_id),
        "digest_every": await database.digests.every(user_id),
    }
    yield "data.json", await asyncio.to_thread(_json, about)
    latest: deque[dict[str, Any]] = deque(maxlen=MOST_RESULTS)
    total = number = 0
    async for batch in _gathered(database.requests.export_requests(user_id)):
        number, total = number + 1, total + len(batch)
        latest.extend(batch)
        suffix = f"-{number}" if number > 1 else ""
        yield f"results{suffix}.json", await asyncio.to_thread(_json, batch)
        yield f"results{suffix}.csv", await asyncio.to_thread(results_csv, batch)
    if latest:
        newest = list(reversed(latest))
        yield "reports/results.pdf", await asyncio.to_thread(results_pdf, newest, total, operator)
    if moles:
        yield "moles.csv", await asyncio.to_thread(moles_csv, moles)
    async for file in _mole_reports(database, user_id, operator):
        yield file
    async for mole_id, request_id, picture in database.mole_pictures.export(user_id):
        yield f"photos/mole-{mole_id}/{request_id}.jpg", picture
    async for photo in database.training_pool.export(user_id):
        yield f"photos/training/{photo.request_id}.jpg", photo.picture


async def _training(database: Database, user_id: int) -> AsyncIterator[dict[str, Any]]:
    async for photo in database.training_pool.export(user_id):
        yield {"request_id": photo.request_id, "labels": [each.label for each in photo.labels]}


async def _mole_reports(database: Database, user_id: int, operator: str | None) -> AsyncGenerator[File, None]:
    kept = {request_id for _mole, request_id in await database.mole_pictures.kept_of(user_id)}
    for mole in await database.moles.of_user(user_id):
        photos = await database.moles.photos(mole)
        requests = [each.request for each in photos if each.request.id in kept]
        pictures = []
        for request in requests[:1] + requests[1:][-1:]:
            picture = await database.mole_pictures.of(request.id, user_id)
            if picture is not None:
                pictures.append((request.created_at, picture))
        made = partial(mole_pdf, mole, Standing.of(photos), pictures, operator)
        yield f"reports/mole-{mole.id}.pdf", await asyncio.to_thread(made)


async def _gathered(batches: AsyncIterator[list[dict[str, Any]]]) -> AsyncGenerator[list[dict[str, Any]], None]:
    held: list[dict[str, Any]] = []
    async for batch in batches:
        held += batch
        if len(held) >= RESULTS_IN_A_FILE:
            yield held
            held = []
    if held:
        yield held


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=2).encode()


def readme() -> str:
    """The description of the files, in the current language."""
    return _(
        "What I keep about you\n"
        "\n"
        "data.json: who you are to me, what you agreed to and when, announcements, your moles with their "
        "measures,\n"
        "what you share and what is shared with you, what doctors said, as you told me, and how photos that you gave\n"
        "for training were labelled.\n"
        "results.json, results.csv: every photo with its time, result, your answers and your note. From 2,000 photos\n"
        "on there are more of these files, such as results-2.csv.\n"
        "moles.csv: every photo of every mole with its measures.\n"
        "reports: your latest results and each mole as pages to read or print.\n"
        "photos: the photos of moles, and those for training, that you let me keep. I keep no others; they are in "
        "your chat.\n"
        "\n"
        "All times are UTC, which is three hours behind Moscow. In the tables p_mel and so on are the "
        "probabilities of\n"
        "the kinds: akiec pre-cancer (actinic keratosis), bcc basal cell carcinoma, bkl benign keratosis, df\n"
        "dermatofibroma, mel melanoma, nv mole (nevus), scc squamous cell carcinoma, vasc blood vessel spot.\n"
        "\n"
        "A report with the picture for a doctor: press “For my doctor” under a result in the chat.\n"
        "Nothing in here is a diagnosis. These are data about your health: mind who gets the file.\n"
    )

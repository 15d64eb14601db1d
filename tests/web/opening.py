"""A database with somebody's moles, the Mini App served beside it, and what Telegram's client hands to its page."""

import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from urllib.parse import urlencode

from aiohttp import ClientResponse, ClientSession
from cryptography.fernet import Fernet

from bot.moles.measurements import to_stored as stored_measurements
from bot.results import to_stored
from bot.samples import sample
from inference.analysis import Risk
from inference.engine.engine import Engine, Examination
from storage.database import Database
from storage.location import url_of
from storage.records import Mole, Outcome, Purpose
from tests.bot.examinations import examination, marks
from tests.bot.examples import result_for
from tests.web.serving import PoolOnCommand, received, served
from web.application import create_app
from web.keys import ApiKeys
from web.mini_app.records import Records
from web.mini_app.routes import MiniApp

TOKEN = "7000000001:a-token-of-no-bot"
EMMA, IVAN = 700_001_001, 700_001_002


def init_data(user_id: int, language: str = "en", *, token: str = TOKEN, age: float = 0, **fields: str) -> str:
    """As Telegram signs it, `age` seconds ago."""
    user = {"id": user_id, "first_name": "Эмма & Co", "language_code": language}
    given = {"query_id": "AAE", "user": json.dumps(user), "auth_date": str(int(time.time() - age))} | fields
    key = hmac.new(b"WebAppData", token.encode(), hashlib.sha256).digest()
    lines = "\n".join(f"{name}={given[name]}" for name in sorted(given))
    return urlencode(given | {"hash": hmac.new(key, lines.encode(), hashlib.sha256).hexdigest()})


@dataclass
class Clock:
    """The time of the service, which a test may put forward."""

    ahead: float = 0

    def __call__(self) -> float:
        return time.time() + self.ahead


@dataclass
class Opened:
    """The service with a Mini App, and the database that the bot would have open."""

    url: str
    http: ClientSession
    database: Database
    clock: Clock = field(default_factory=Clock)

    async def get(self, path: str, data: str | None = None) -> ClientResponse:
        headers = {} if data is None else {"Authorization": f"tma {data}"}
        return await received(self.http.get(self.url + path, headers=headers))

    async def acquaint(self, user_id: int, language: str = "en") -> None:
        """Somebody who agrees to the terms, and lets the bot keep photos of moles."""
        await self.database.users.seen(user_id, language)
        await self.database.users.consent(user_id)
        await self.database.consents.give(user_id, Purpose.PHOTOS)

    async def follow(self, user_id: int, name: str, *risks: Risk) -> Mole:
        """A mole with a photo for each of these answers, which the bot keeps if it may."""
        mole = await self.database.moles.create(user_id, name)
        assert mole is not None
        for number, risk in enumerate(risks):
            await self.add_photo(mole, risk, number)
        return mole

    async def add_photo(self, mole: Mole, risk: Risk, number: int) -> int:
        database, label = self.database, "nv" if risk is Risk.LOW else "mel"
        unique = f"{mole.id} {number}"
        request, _ = await database.requests.record(
            mole.user_id, mole.user_id, 1000 * mole.id + number, None, unique, unique, "photo"
        )
        result = to_stored(result_for(label, risk, nv=0.1) if label == "mel" else result_for(label, risk), None)
        await database.requests.complete(request.id, Outcome.ANSWERED, result, None)
        shown = examination()
        spot = marks(contrast=20.0 + 30 * number)
        whole = Examination(shown.analysis, shown.photo, shown.outlined, shown.glowing, shown.measures, spot)
        measured = stored_measurements(whole)
        assert measured is not None and await database.moles.add_photo(mole, request.id, measured)
        await database.mole_pictures.keep(mole, request.id, sample("mole"))
        return request.id


@asynccontextmanager
async def opened(folder: Path, token: str = TOKEN) -> AsyncIterator[Opened]:
    """The service beside a new database."""
    url, key, clock = url_of(folder / "bot.db"), Fernet.generate_key(), Clock()
    records = Records(partial(Database.open_beside, url, key))
    app = create_app(
        Engine(PoolOnCommand()), ApiKeys({}), mini_app=MiniApp(records, token, on_this_machine=True, clock=clock)
    )
    database = await Database.open(url, key)
    try:
        async with served(app) as address, ClientSession() as http:
            yield Opened(address, http, database, clock)
    finally:
        await database.close()

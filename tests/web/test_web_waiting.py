"""Waiting photos, limits and bad bodies: a service without networks, over real HTTP."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

import numpy as np
import pytest
from aiohttp import ClientResponse, ClientSession

from inference.analysis import Analysis, Lesion, Quality, Risk
from inference.engine.engine import AnalysisFailed, AnnotatedAnalysis, Engine
from inference.registry.performance import melanomas_missed
from inference.registry.registry import DEFAULT_WEIGHTS
from tests.web.serving import PoolOnCommand, received, served
from tests.web.test_web_api import form, problem
from web.application import create_app
from web.jobs import Jobs
from web.keys import ApiKeys, add_key
from web.reports import Reports
from web.uploads import AT_ONCE_OF_ONE, MAX_BODY_BYTES, Uploads
from web.watching import Metrics

PHOTO = b"\xff\xd8\xff a photo"


class Client:
    """Somebody with a key."""

    def __init__(self, http: ClientSession, url: str, key: str) -> None:
        self.http, self.url, self.key = http, url, key
        self.headers = {"Authorization": f"Bearer {key}"}

    async def send(self, photo: bytes = PHOTO, **headers: str) -> ClientResponse:
        given = self.headers | headers
        return await received(self.http.post(f"{self.url}/v1/analyses", data=form(photo), headers=given))

    async def get(self, path: str) -> ClientResponse:
        return await received(self.http.get(self.url + path, headers=self.headers))


@asynccontextmanager
async def client_of(
    pool: PoolOnCommand,
    folder: Path,
    *,
    uploads: Uploads | None = None,
    wait_seconds: float = 0.0,
    photos_a_minute: int = 999,
    **limits: int,
) -> AsyncIterator[Client]:
    """A client of a service that stands on a pool of the test's."""
    key = add_key(folder / "keys", "clinic", photos_a_minute)
    app = create_app(Engine(pool, **limits), ApiKeys.load(folder / "keys"), uploads=uploads, wait_seconds=wait_seconds)
    async with served(app) as url, ClientSession() as http:
        yield Client(http, url, key)


async def test_a_photo_that_waits_is_fetched_by_its_job(tmp_path: Path) -> None:
    pool = PoolOnCommand()
    async with client_of(pool, tmp_path) as client:
        sent = await client.send()
        assert sent.status == 202 and int(sent.headers["Retry-After"]) >= 1
        place = sent.headers["Location"]
        body = await sent.json()
        assert (body["status"], body["ahead"], body["seconds"]) == ("waiting", 0, 3.0)
        assert (await client.get(place)).status == 202
        assert await problem(await client.get(f"{place}/annotated")) == (404, "no_picture")
        pool.go.set()
        while (answer := await client.get(place)).status == 202:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        assert answer.status == 200 and (await answer.json())["refusal"] == "blurred"


async def test_whoever_prefers_a_job_gets_one_at_once(tmp_path: Path) -> None:
    async with client_of(PoolOnCommand(), tmp_path, wait_seconds=600) as client:
        assert (await client.send(Prefer="respond-async")).status == 202


async def test_an_answer_that_comes_in_time_needs_no_second_request(tmp_path: Path) -> None:
    pool = PoolOnCommand()
    pool.go.set()
    async with client_of(pool, tmp_path, wait_seconds=600) as client:
        assert (await client.send()).status == 200


async def test_a_full_queue_says_when_to_come_back(tmp_path: Path) -> None:
    async with client_of(PoolOnCommand(), tmp_path, queue_limit=2, owner_limit=2) as client:
        assert [(await client.send()).status for _ in range(2)] == [202, 202]
        third = await client.send()
        assert third.headers["Retry-After"] == "6"
        assert await problem(third) == (503, "busy")


async def test_one_sender_cannot_fill_the_queue(tmp_path: Path) -> None:
    async with client_of(PoolOnCommand(), tmp_path, queue_limit=9, owner_limit=1) as client:
        assert (await client.send()).status == 202
        assert await problem(await client.send()) == (429, "too_many")


async def test_a_key_is_good_for_so_many_photos_a_minute(tmp_path: Path) -> None:
    async with client_of(PoolOnCommand(), tmp_path, photos_a_minute=2) as client:
        assert [(await client.send()).status for _ in range(2)] == [202, 202]
        third = await client.send()
        assert 1 <= int(third.headers["Retry-After"]) <= 30
        assert await problem(third) == (429, "too_often")


async def test_a_lost_worker_is_an_error_without_particulars(tmp_path: Path) -> None:
    pool = PoolOnCommand(AnalysisFailed("secret particulars"))
    pool.go.set()
    async with client_of(pool, tmp_path, wait_seconds=600) as client:
        response = await client.send()
        assert "secret" not in await response.text()
        assert await problem(response) == (500, "failed")


async def test_without_a_worker_the_service_is_alive_but_not_ready(tmp_path: Path) -> None:
    pool = PoolOnCommand()
    pool.ready = False
    async with client_of(pool, tmp_path) as client:
        assert (await client.get("/healthz")).status == 200
        assert (await client.get("/readyz")).status == 503


async def test_an_answer_is_forgotten_in_time() -> None:
    pool = PoolOnCommand()
    pool.go.set()
    jobs = Jobs(Engine(pool), Reports(DEFAULT_WEIGHTS, None), Metrics(), kept_seconds=0.0)
    job = jobs.start("somebody", PHOTO, "mole.jpg", "en", {})
    assert jobs.find("somebody", job.id) is job and jobs.find("another", job.id) is None
    await job.task
    while jobs.find("somebody", job.id):  # noqa: ASYNC110
        await asyncio.sleep(0.01)


async def test_no_part_of_a_photo_is_written_to_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def opened(*_arguments: Any, **_options: Any) -> NoReturn:
        raise AssertionError("an upload was written to disk")

    monkeypatch.setattr(tempfile, "TemporaryFile", opened)
    async with client_of(PoolOnCommand(), tmp_path) as client:
        assert (await client.send(PHOTO + bytes(8 * 1024 * 1024))).status == 202


class RawClient:
    """Sends a request piece by piece, as no client library does."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def post(cls, client: Client, **headers: str) -> "RawClient":
        address = urlsplit(client.url)
        raw = cls(*await asyncio.open_connection(address.hostname, address.port))
        lines = ["POST /v1/analyses HTTP/1.1", "Host: service", f"Authorization: Bearer {client.key}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        raw.writer.write("\r\n".join([*lines, "", ""]).encode())
        return raw

    async def status(self) -> int:
        line = await self.reader.readline()
        return int(line.split()[1])

    async def close(self) -> None:
        self.writer.close()
        with suppress(ConnectionError):
            await self.writer.wait_closed()


FORM = "multipart/form-data; boundary=b"
HEAD = b'--b\r\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\r\n\r\n'


async def test_a_body_that_says_it_is_too_large_is_not_read(tmp_path: Path) -> None:
    async with client_of(PoolOnCommand(), tmp_path) as client:
        raw = await RawClient.post(client, Content_Type=FORM, Content_Length=str(MAX_BODY_BYTES + 1))
        assert await raw.status() == 413
        await raw.close()


async def test_a_body_without_an_end_is_cut_off_at_the_limit(tmp_path: Path) -> None:
    async with client_of(PoolOnCommand(), tmp_path) as client:
        raw = await RawClient.post(client, Content_Type=FORM, Transfer_Encoding="chunked")
        chunk, sent = bytes(64 * 1024), 0
        try:
            raw.writer.write(b"%x\r\n%s\r\n" % (len(HEAD), HEAD))
            while not raw.reader.at_eof() and sent < 4 * MAX_BODY_BYTES:
                raw.writer.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
                await raw.writer.drain()
                sent += len(chunk)
                await asyncio.sleep(0)
        except ConnectionError:
            pass
        await raw.close()
        # What lies in the sockets' buffers was sent, but not read.
        assert sent < 2 * MAX_BODY_BYTES
        assert (await client.send()).status == 202


async def test_a_body_that_trickles_is_given_up(tmp_path: Path) -> None:
    async with client_of(PoolOnCommand(), tmp_path, uploads=Uploads(seconds=0.2)) as client:
        raw = await RawClient.post(client, Content_Type=FORM, Content_Length="1000")
        raw.writer.write(HEAD)
        assert await raw.status() == 408
        await raw.close()


async def test_somebody_slow_leaves_room_for_others(tmp_path: Path) -> None:
    pool = PoolOnCommand()
    pool.go.set()
    async with client_of(pool, tmp_path, wait_seconds=600, photos_a_minute=999_999) as client:
        slow = [await RawClient.post(client, Content_Type=FORM, Content_Length="1000") for _ in range(AT_ONCE_OF_ONE)]
        # Until all of them have arrived.
        while (response := await client.send()).status == 200:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        assert await problem(response) == (429, "too_many")
        page = await received(client.http.post(f"{client.url}/en", data=form(b"", adult="yes", agree="yes")))
        assert page.status == 422
        for each in slow:
            await each.close()


async def test_a_form_that_breaks_off_or_makes_no_sense_is_an_error(tmp_path: Path) -> None:
    async with client_of(PoolOnCommand(), tmp_path) as client:
        headers = client.headers | {"Content-Type": FORM}
        for body in (b"", b"nonsense", HEAD, b"--b\r\n\r\n\r\n--b--\r\n"):
            response = await received(client.http.post(f"{client.url}/v1/analyses", data=body, headers=headers))
            status, code = await problem(response)
            assert (status, code) in ((400, "bad_form"), (422, "no_photo")), body
        headers["Content-Type"] = "multipart/form-data"
        response = await received(client.http.post(f"{client.url}/v1/analyses", data=HEAD, headers=headers))
        assert await problem(response) == (400, "bad_form")


@pytest.mark.parametrize(("share", "kind"), [(0.6, "Most likely: mole"), (0.4, "No single kind stands out")])
async def test_page_and_programs_are_told_of_every_spot_and_of_a_kind_that_stands_out(
    tmp_path: Path, share: float, kind: str
) -> None:
    spot, other = (Lesion((edge, 10.0, edge + 50, 60.0), np.ones((1, 1), np.bool_), 0.9) for edge in (10.0, 90.0))
    shares = {"nv": share, "bkl": 1 - share} if share > 0.5 else {"nv": share, "bkl": 0.3, "df": 0.3}
    quality = Quality(width=600, height=450, sharpness=0.5, brightness=0.5)
    analysis = Analysis("nv", shares, spot, quality, None, Risk.LOW, "phone", more_lesions=(other,))
    pool = PoolOnCommand(reading=AnnotatedAnalysis(analysis, PHOTO))
    pool.go.set()
    async with client_of(pool, tmp_path, wait_seconds=600) as client:
        body = await (await client.send()).json()
        assert body["more_lesions"] == [[90.0, 10.0, 140.0, 60.0]]
        consent = {"adult": "yes", "agree": "yes"}
        page = await (await received(client.http.post(f"{client.url}/en", data=form(PHOTO, **consent)))).text()
        for told in (body["advice"], page):
            assert "several spots here: 2" in told and "close-up of each" in told
            # Of the sets by phone and camera the worst counts, as the served release's report has it.
            assert f"about {round(100 * melanomas_missed(DEFAULT_WEIGHTS)['phone'])} got an answer like this" in told
        assert kind in page

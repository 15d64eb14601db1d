"""/v1 with the released networks: the answers of the command line, and what goes wrong as problem+json."""

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse, ClientSession, FormData
from PIL import Image

from bot.samples import sample
from inference.__main__ import main
from tests.pages import pdf_pages
from tests.web.conftest import Service
from tests.web.serving import received

ANSWERS = {"age": 61, "region": "BACK", "itch": True, "bleed": True, "hurt": False}


def form(photo: bytes, **fields: str) -> FormData:
    data = FormData()
    # A file, because the client warns about large bytes.
    data.add_field("photo", BytesIO(photo), filename="mole.jpg", content_type="image/jpeg")
    for name, value in fields.items():
        data.add_field(name, value)
    return data


async def send(http: ClientSession, service: Service, data: Any, key: str | None = None) -> ClientResponse:
    headers = {"Authorization": f"Bearer {key or service.key}"}
    return await received(http.post(f"{service.url}/v1/analyses", data=data, headers=headers))


async def problem(response: ClientResponse) -> tuple[int, str]:
    assert response.content_type == "application/problem+json"
    body = await response.json(content_type=None)
    assert body["status"] == response.status and body["title"] and body["detail"]
    return response.status, body["code"]


def large() -> bytes:
    """Over 16 megapixels: read at half its size."""
    with Image.open(BytesIO(sample("uneven"))) as photo:
        buffer = BytesIO()
        photo.resize((4800, 3600)).save(buffer, "JPEG", quality=80)
    return buffer.getvalue()


@pytest.mark.parametrize("answers", [{}, ANSWERS], ids=["photo alone", "with answers"])
@pytest.mark.parametrize("picture", ["mole", "uneven", "blurred", "large"])
async def test_the_answer_is_that_of_the_command_line(
    service: Service, http: ClientSession, photo_file: Path, capsys: Any, picture: str, answers: dict[str, Any]
) -> None:
    content = large() if picture == "large" else sample(picture)
    photo_file.write_bytes(content)
    given = photo_file.with_name("answers.json")
    given.write_text(json.dumps({photo_file.name: answers} if answers else {}))
    assert main([str(photo_file), "--json", "--answers", str(given)]) == 0
    expected = json.loads(capsys.readouterr().out)

    response = await send(http, service, form(content, answers=json.dumps(answers)))
    assert response.status == 200
    body = await response.json()
    assert body["probabilities"] == pytest.approx(expected["probabilities"], abs=1e-6)
    assert body["box"] == pytest.approx(expected["box"], abs=0.02) if expected["box"] else body["box"] is None
    for name in ("label", "refusal", "risk", "domain", "models"):
        assert body[name] == expected[name], name
    assert set(expected) <= set(body) and set(body["timings"]) == set(expected["timings"])
    assert (picture == "blurred") == (body["label"] is None)


async def test_the_picture_has_the_photo_s_size_and_is_its_sender_s_alone(
    service: Service, http: ClientSession
) -> None:
    body = await (await send(http, service, form(sample("mole"), language="ru"))).json()
    address = service.url + body["annotated"]
    mine = await received(http.get(address, headers={"Authorization": f"Bearer {service.key}"}))
    assert mine.status == 200 and mine.content_type == "image/jpeg"
    with Image.open(BytesIO(await mine.read())) as picture:
        assert picture.size == (600, 450)
    assert "не диагноз" in body["note"]
    theirs = await received(http.get(address, headers={"Authorization": f"Bearer {service.other_key}"}))
    assert await problem(theirs) == (404, "no_such_analysis")
    assert await problem(await received(http.get(address))) == (401, "no_key")


async def test_an_erased_answer_is_gone(service: Service, http: ClientSession) -> None:
    body = await (await send(http, service, form(sample("mole")))).json()
    address, headers = f"{service.url}/v1/analyses/{body['id']}", {"Authorization": f"Bearer {service.key}"}
    assert (await received(http.get(address, headers=headers))).status == 200
    assert (await received(http.delete(address, headers=headers))).status == 204
    assert await problem(await received(http.get(address, headers=headers))) == (404, "no_such_analysis")


async def test_a_refusal_is_an_answer_with_advice_and_no_picture(service: Service, http: ClientSession) -> None:
    body = await (await send(http, service, form(sample("blurred")))).json()
    assert body["refusal"] and body["advice"] and body["annotated"] is None
    headers = {"Authorization": f"Bearer {service.key}"}
    response = await received(http.get(f"{service.url}/v1/analyses/{body['id']}/annotated", headers=headers))
    assert await problem(response) == (404, "no_picture")


async def test_a_report_is_made_where_it_is_asked_for_and_is_its_sender_s_alone(
    service: Service, http: ClientSession
) -> None:
    fields = {"answers": json.dumps(ANSWERS), "language": "ru", "report": "yes"}
    body = await (await send(http, service, form(sample("mole"), **fields))).json()
    address = service.url + body["report"]
    mine = await received(http.get(address, headers={"Authorization": f"Bearer {service.key}"}))
    assert mine.status == 200 and mine.content_type == "application/pdf"
    text = " ".join(pdf_pages(await mine.read()))
    # What was answered, the person's answers among it, stands beside the photo read again alone.
    assert "Чешется да" in text and "Dr. <b>Demo</b>" in text and "прочитанному заново" in text
    for share in sorted(body["probabilities"].values())[-2:]:
        assert f"{share:.1%}"[:-1].replace(".", ",") in text
    theirs = await received(http.get(address, headers={"Authorization": f"Bearer {service.other_key}"}))
    assert await problem(theirs) == (404, "no_such_analysis")


@pytest.mark.parametrize(("picture", "wish"), [("mole", "no"), ("blurred", "yes")])
async def test_there_is_no_report_unasked_and_none_of_a_refusal(
    service: Service, http: ClientSession, picture: str, wish: str
) -> None:
    body = await (await send(http, service, form(sample(picture), report=wish))).json()
    assert body["report"] is None
    headers = {"Authorization": f"Bearer {service.key}"}
    response = await received(http.get(f"{service.url}/v1/analyses/{body['id']}/report", headers=headers))
    assert await problem(response) == (404, "no_report")


@pytest.mark.parametrize(
    ("photo", "code"),
    [(b"", "empty"), (b"not a photo", "not_an_image"), (sample("mole")[:2000], "truncated")],
    ids=["empty", "text", "cut"],
)
async def test_a_file_that_is_no_photo_says_which_fault_it_has(
    service: Service, http: ClientSession, photo: bytes, code: str
) -> None:
    assert await problem(await send(http, service, form(photo))) == (422, code)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"language": "de"}, "bad_language"),
        ({"report": "perhaps"}, "bad_report"),
        ({"answers": "no json"}, "bad_answers"),
        ({"answers": '{"bled": true}'}, "bad_answers"),
        ({"answers": '{"age": 1e999}'}, "bad_answers"),
        ({"answers": '{"region": "MOON"}'}, "bad_answers"),
        ({"answers": '{"itch": "perhaps"}'}, "bad_answers"),
        ({"colour": "blue"}, "unknown_field"),
    ],
)
async def test_a_field_that_makes_no_sense_is_named(
    service: Service, http: ClientSession, fields: dict[str, str], code: str
) -> None:
    assert await problem(await send(http, service, form(sample("mole"), **fields))) == (422, code)


async def test_whatever_is_not_a_form_with_one_photo_is_turned_away(service: Service, http: ClientSession) -> None:
    assert await problem(await send(http, service, sample("mole"))) == (415, "not_a_form")
    assert await problem(await send(http, service, {"photo": "text"})) == (415, "not_a_form")
    two = form(sample("mole"))
    two.add_field("photo", sample("mole"), filename="second.jpg")
    assert await problem(await send(http, service, two)) == (422, "two_photos")
    other = FormData()
    other.add_field("picture", sample("mole"), filename="mole.jpg")
    assert await problem(await send(http, service, other)) == (422, "no_photo")
    without = FormData()
    without.add_field("language", "en", content_type="text/plain")
    assert await problem(await send(http, service, without)) == (422, "no_photo")
    long = form(sample("mole"), answers=" " * 5000)
    assert await problem(await send(http, service, long)) == (400, "bad_form")


@pytest.mark.parametrize("key", [None, "", "guess", "ключ"])
async def test_nobody_without_a_known_key_is_answered(service: Service, http: ClientSession, key: str | None) -> None:
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    response = await received(http.post(f"{service.url}/v1/analyses", data=form(sample("mole")), headers=headers))
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert await problem(response) == (401, "no_key")


async def test_the_framework_s_own_errors_are_problems_too(service: Service, http: ClientSession) -> None:
    assert await problem(await received(http.get(f"{service.url}/nothing"))) == (404, "not_found")
    assert await problem(await received(http.put(f"{service.url}/v1/analyses"))) == (405, "method_not_allowed")


async def test_every_photo_is_counted_and_nobody_named(service: Service, http: ClientSession) -> None:
    await send(http, service, form(sample("mole")))
    await send(http, service, form(b"no photo"))
    figures = await (await received(http.get(f"{service.url}/metrics"))).text()
    assert 'web_photos_total{outcome="answered"}' in figures and 'web_photos_total{outcome="unreadable"}' in figures
    assert "clinic" not in figures and "127.0.0.1" not in figures and service.key not in figures
    assert await (await received(http.get(f"{service.url}/healthz"))).text() == "ok\n"
    assert await (await received(http.get(f"{service.url}/readyz"))).text() == "ready\n"

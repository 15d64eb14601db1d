"""Only the page and local programs get answers, not other web sites or other machines."""

import pytest
from aiohttp import ClientSession

from bot.sandbox import Sandbox


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example:80"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:1"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
        {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"},
    ],
)
async def test_foreign_pages_are_refused(sandbox: Sandbox, http: ClientSession, headers: dict[str, str]) -> None:
    async with http.get(f"{sandbox.base_url}/sim/users", headers=headers) as response:
        assert response.status == 403


async def test_the_page_itself_and_a_link_to_it_are_answered(sandbox: Sandbox, http: ClientSession) -> None:
    own = {"Origin": sandbox.base_url, "Sec-Fetch-Site": "same-origin"}
    async with http.get(f"{sandbox.base_url}/sim/users", headers=own) as response:
        assert response.status == 200
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    async with http.get(f"{sandbox.base_url}/", headers=link) as response:
        assert response.status == 200
        assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1"])
async def test_every_name_of_this_machine_is_answered(sandbox: Sandbox, http: ClientSession, name: str) -> None:
    port = sandbox.base_url.rpartition(":")[2]
    async with http.get(f"{sandbox.base_url}/sim/users", headers={"Host": f"{name}:{port}"}) as response:
        assert response.status == 200


async def test_a_form_of_a_foreign_page_cannot_write(sandbox: Sandbox, http: ClientSession) -> None:
    address = f"{sandbox.base_url}/sim/users/1001/message"
    async with http.post(address, data='{"text": "hello"}', headers={"Content-Type": "text/plain"}) as response:
        assert response.status == 400


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.2", "example.org"])
async def test_it_listens_on_loopback_only(host: str) -> None:
    with pytest.raises(ValueError, match="this machine only"):
        await Sandbox().start(host)


async def test_a_taken_port_is_an_error(sandbox: Sandbox) -> None:
    port = int(sandbox.base_url.rpartition(":")[2])
    with pytest.raises(OSError, match=r"(?i)address already in use"):
        await Sandbox().start(port=port)


def test_before_the_start_there_is_no_address() -> None:
    with pytest.raises(RuntimeError, match="not been started"):
        _ = Sandbox().base_url

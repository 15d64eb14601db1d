"""deploy/: every file is accepted by the program that reads it, and nginx does what its configuration promises."""

import asyncio
import datetime
import json
import os
import re
import shutil
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from aiohttp import web
from compose_spec import ComposeSpecification
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bot.operator.metrics import Metrics as BotMetrics
from bot.settings import Settings as BotSettings
from inference.analysis import Risk
from inference.engine.engine import Engine
from tests.web.opening import EMMA, init_data, opened
from tests.web.serving import PoolOnCommand, received, served
from tests.web.test_web_api import form
from web.application import create_app
from web.keys import ApiKeys
from web.settings import Settings
from web.watching import Metrics

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"


def program(name: str) -> str:
    """Where a program of Debian's is; continuous integration must have it."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin")
    if found is None:
        assert "CI" not in os.environ, f"{name} is not installed: .ci/run must install it"
        pytest.skip(f"{name} is not installed")
    return found


def check(*command: str | Path) -> None:
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def merged() -> dict[str, dict[str, object]]:
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    assert isinstance(compose, dict)
    return compose


def test_compose_follows_its_specification() -> None:
    compose = {name: value for name, value in merged().items() if not name.startswith("x-")}
    ComposeSpecification.model_validate(compose)
    for name, service in compose["services"].items():
        assert isinstance(service, dict)
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            made = ("./certs", "./acme")  # by whoever deploys
            assert source in (*compose["volumes"], *made) or (DEPLOY / source).exists(), (name, source)
        assert set(service["networks"]) <= set(compose["networks"]), name


def test_compose_sets_what_the_programs_know() -> None:
    services: Any = merged()["services"]
    environments = {name: services[name]["environment"] for name in ("bot", "worker", "web")}
    for name, settings in (("bot", BotSettings), ("worker", BotSettings), ("web", Settings)):
        assert {each.lower() for each in environments[name]} <= set(settings.model_fields)
    scraped = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text())["scrape_configs"]
    [bots, webs] = scraped
    assert bots["dns_sd_configs"] == [{"names": ["bot"], "type": "A", "port": environments["bot"]["METRICS_PORT"]}]
    assert webs["static_configs"] == [{"targets": ["web:8080"]}]


def test_prometheus_reads_its_configuration_and_alerts() -> None:
    check(program("promtool"), "check", "config", DEPLOY / "prometheus" / "prometheus.yml")
    check(program("promtool"), "check", "rules", DEPLOY / "prometheus" / "alerts.yml")


def test_dashboard_and_alerts_ask_for_figures_that_there_are() -> None:
    figures = Metrics().exposition() + BotMetrics().exposition()
    exposed = set(re.findall(r"^# TYPE (\w+)", figures.decode(), re.MULTILINE))
    dashboards = [json.loads(each.read_text()) for each in (DEPLOY / "grafana" / "dashboards").glob("*.json")]
    panels = [panel for dashboard in dashboards for panel in dashboard["panels"]]
    asked = [target["expr"] for panel in panels for target in panel["targets"]]
    alerts = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text())
    asked += [rule["expr"] for group in alerts["groups"] for rule in group["rules"]]
    names = {
        re.sub(r"_bucket$", "", name) for expression in asked for name in re.findall(r"\b(?:bot|web)_\w+", expression)
    }
    assert names and names <= exposed
    [source] = yaml.safe_load((DEPLOY / "grafana/provisioning/datasources/prometheus.yaml").read_text())["datasources"]
    assert {panel["datasource"]["uid"] for panel in panels} == {source["uid"]}


@pytest.mark.parametrize("unit", ["lesion-bot.service", "lesion-web.service"])
def test_systemd_accepts_the_unit(unit: str, tmp_path: Path) -> None:
    text = (DEPLOY / "systemd" / unit).read_text()
    started = "/opt/lesion-triage-bot/.venv/bin/python"
    # A stop must not end the analysis processes under the photos that they read.
    assert "KillMode=mixed\n" in text
    assert started in text
    # The check wants the program to be there.
    (tmp_path / unit).write_text(text.replace(started, sys.executable))
    check(program("systemd-analyze"), "verify", "--man=no", tmp_path / unit)


@pytest.fixture
def certificates(tmp_path: Path) -> Path:
    """A certificate for localhost, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path / "certs"
    folder.mkdir()
    (folder / "fullchain.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "privkey.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder


def configured(folder: Path, upstream: str, plain: str, tls: str, bot: str = "127.0.0.1:9", **changes: str) -> Path:
    """The configuration with the addresses of a test, in a folder of its own."""
    text = (DEPLOY / "nginx" / "nginx.conf").read_text()
    addresses = {
        "web:8080": upstream,
        "listen 80;": f"listen {plain};",
        "listen 443": f"listen {tls}",
        "bot:8082": bot,
        **changes,
    }
    for ours, theirs in addresses.items():
        assert text.count(ours) == 1
        text = text.replace(ours, theirs)
    path = folder / "nginx.conf"
    path.write_text(text)
    return path


@asynccontextmanager
async def nginx(configuration: Path) -> AsyncIterator[None]:
    command = [program("nginx"), "-p", f"{configuration.parent}/", "-c", configuration, "-e", "stderr"]
    check(*command, "-t")
    running = await asyncio.create_subprocess_exec(*map(str, command), "-g", "daemon off;")
    try:
        yield
    finally:
        running.terminate()
        await running.wait()


@pytest.fixture
def sockets() -> Iterator[tuple[str, str]]:
    """Two addresses of this machine that nobody listens on."""
    import socket

    with socket.socket() as one, socket.socket() as two:
        for each in (one, two):
            each.bind(("127.0.0.1", 0))
        ports = [each.getsockname()[1] for each in (one, two)]
    yield f"127.0.0.1:{ports[0]}", f"127.0.0.1:{ports[1]}"


async def test_nginx_ends_tls_limits_bodies_and_hides_what_is_inside(
    certificates: Path, sockets: tuple[str, str]
) -> None:
    plain, tls = sockets
    pool = PoolOnCommand()
    pool.go.set()
    trust = ssl.create_default_context(cafile=str(certificates / "fullchain.pem"))
    url = f"https://localhost:{tls.rpartition(':')[2]}"
    async with (
        served(create_app(Engine(pool), ApiKeys({}))) as address,
        nginx(configured(certificates.parent, address.removeprefix("http://"), plain, tls)),
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trust)) as http,
    ):
        await until_it_answers(http, f"{url}/en")
        page = await received(http.get(f"{url}/en"))
        assert page.status == 200 and "max-age" in page.headers["Strict-Transport-Security"]
        sent = await received(http.post(f"{url}/en", data=form(b"a photo", adult="yes", agree="yes")))
        assert sent.status == 200 and "This photo is blurred" in await sent.text()
        for inside in ("metrics", "healthz", "readyz"):
            assert (await received(http.get(f"{url}/{inside}"))).status == 404
        large = await received(http.post(f"{url}/en", data=b"", headers={"Content-Length": str(22 * 1024 * 1024)}))
        assert large.status == 413
        moved = await received(http.get(f"http://{plain}/en?x=1", allow_redirects=False))
        assert moved.status == 308 and moved.headers["Location"].startswith("https://")
        statuses = [(await received(http.post(f"{url}/ru", data={}))).status for _ in range(30)]
        assert 429 in statuses


async def test_nginx_passes_the_mini_app_and_its_pictures(
    certificates: Path, sockets: tuple[str, str], tmp_path: Path
) -> None:
    plain, tls = sockets
    trust = ssl.create_default_context(cafile=str(certificates / "fullchain.pem"))
    url = f"https://localhost:{tls.rpartition(':')[2]}"
    async with (
        opened(tmp_path) as service,
        nginx(configured(certificates.parent, service.url.removeprefix("http://"), plain, tls)),
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trust, limit=8)) as http,
    ):
        await until_it_answers(http, f"{url}/app")
        page = await received(http.get(f"{url}/app"))
        assert page.status == 200 and "script-src 'self'" in page.headers["Content-Security-Policy"]
        await service.acquaint(EMMA)
        mole = await service.follow(EMMA, "nose", Risk.LOW)
        signed = {"Authorization": f"tma {init_data(EMMA)}"}
        assert (await received(http.get(f"{url}/app/moles"))).status == 401
        told = await (await received(http.get(f"{url}/app/moles/{mole.id}", headers=signed))).text()
        [link] = re.findall(r'src="(/media/[^"]+)"', told)
        picture = await received(http.get(url + link))
        assert picture.status == 200 and picture.content_type == "image/jpeg"
        assert picture.headers["Cache-Control"] == "private, no-store"
        assert (await received(http.post(url + link))).status == 403
        hasty = await asyncio.gather(*(received(http.get(f"{url}/media/x")) for _ in range(200)))
        assert {each.status for each in hasty} == {404, 429}


@pytest.mark.parametrize("from_telegram", [True, False])
async def test_nginx_lets_telegram_alone_call_the_bot_and_tells_its_address(
    certificates: Path, sockets: tuple[str, str], from_telegram: bool
) -> None:
    plain, tls = sockets
    trust = ssl.create_default_context(cafile=str(certificates / "fullchain.pem"))
    url = f"https://localhost:{tls.rpartition(':')[2]}/telegram"
    ours = {"91.108.4.0/22 1;": "127.0.0.0/8 1;"} if from_telegram else {}

    async def bot(request: web.Request) -> web.Response:
        return web.Response(text=f"{request.path} {request.headers['X-Forwarded-For']} {await request.text()}")

    application = web.Application()
    application.router.add_post("/telegram", bot)
    runner = web.AppRunner(application)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        behind = f"127.0.0.1:{runner.addresses[0][1]}"
        async with (
            nginx(configured(certificates.parent, "127.0.0.1:9", plain, tls, behind, **ours)),
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trust)) as http,
        ):
            await until_it_answers(http, f"{url}?x")
            answered = await received(http.post(url, data="{}", headers={"X-Forwarded-For": "149.154.160.1"}))
            assert answered.status == (200 if from_telegram else 403)
            if from_telegram:
                assert await answered.text() == "/telegram 127.0.0.1 {}"
                large = {"Content-Length": str(2 * 1024 * 1024)}
                assert (await received(http.post(url, data=b"", headers=large))).status == 413
    finally:
        await runner.cleanup()


async def until_it_answers(http: aiohttp.ClientSession, url: str) -> None:
    while True:
        try:
            await received(http.get(url))
        except aiohttp.ClientConnectionError:
            await asyncio.sleep(0.05)
        else:
            return

"""Replicas of the bot behind nginx, workers, and the PostgreSQL between them: real processes on this machine."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import ClientError, ClientSession
from cryptography.fernet import Fernet

from benchmarks.load.ports import free_port
from benchmarks.load.processes import BotProcess
from benchmarks.load.servers import Server

NGINX = "/usr/sbin/nginx"
SECRET = "a-secret-of-sixteen-or-more"
LOOK_SECONDS = 0.2
CONFIGURATION = """
daemon off;
master_process off;
error_log stderr crit;
pid {folder}/nginx.pid;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    upstream bots {{ {servers} }}
    server {{
        listen 127.0.0.1:{port};
        location / {{ proxy_pass http://bots; proxy_set_header X-Forwarded-For 127.0.0.1; }}
    }}
}}
"""


@dataclass(frozen=True)
class Cluster:
    """Replicas that take turns in getting updates, and workers that read the photos."""

    server: Server
    bots: list[BotProcess]
    workers: list[BotProcess]

    @property
    def api_url(self) -> str:
        """Where the sandbox listens."""
        return self.bots[0].api_url

    def start(self) -> None:
        """Start everybody who does not run; returns at once."""
        for each in (*self.workers, *self.bots):
            if not each.runs:
                each.start()

    def stop(self) -> None:
        """Stop everybody who runs, the workers last: a bot that starts waits for one."""
        for each in (*self.bots, *self.workers):
            if each.process is not None:
                each.stop()

    async def active(self, http: ClientSession) -> list[BotProcess]:
        """The replicas that say that they are active."""
        return [each for each in self.bots if "bot_active 1.0" in await _get(http, each, "METRICS_PORT", "/metrics")]

    async def until_ready(self, http: ClientSession, ready: int) -> BotProcess:
        """Wait until so many replicas take updates and one of them is active; returns that one."""
        while True:
            pages = [await _get(http, each, "WEBHOOK_PORT", "/readyz") for each in self.bots]
            active = await self.active(http)
            if pages.count("ready\n") >= ready and len(active) == 1:
                return active[0]
            await asyncio.sleep(LOOK_SECONDS)


async def _get(http: ClientSession, bot: BotProcess, port: str, path: str) -> str:
    try:
        async with http.get(f"http://127.0.0.1:{bot.settings[port]}{path}") as response:
            return await response.text()
    except ClientError:
        return ""


@contextmanager
def cluster(
    api_url: str, server: Server, folder: Path, replicas: int = 2, workers: int = 1, module: str = "bot"
) -> Iterator[Cluster]:
    """A cluster against a sandbox, with files in a folder. Its processes are not started; they end with the block."""
    shared = {"DATABASE_URL": server.new_database().render_as_string(), "DATA_KEY": Fernet.generate_key().decode()}
    front, ports = free_port(), [free_port() for _ in range(replicas)]
    webhook = {
        "WEBHOOK_URL": f"http://127.0.0.1:{front}/telegram",
        "WEBHOOK_SECRET": SECRET,
        "WEBHOOK_SOURCES": "127.0.0.1",
        "WORKERS_AT": "elsewhere",
        "WORKERS": str(workers),
    }
    bots = []
    for number, port in enumerate(ports):
        own = {"WEBHOOK_PORT": str(port), "METRICS_PORT": str(free_port())}
        bots.append(BotProcess(api_url, _made(folder / f"bot-{number}"), {**shared, **webhook, **own}, module))
    readers = [
        BotProcess(api_url, _made(folder / f"worker-{number}"), {**shared, "WORKERS": "1"}, "bot.workers")
        for number in range(workers)
    ]
    made = Cluster(server, bots, readers)
    with _nginx(_made(folder / "nginx"), front, ports):
        try:
            yield made
        finally:
            made.stop()


@contextmanager
def _nginx(folder: Path, port: int, upstreams: list[int]) -> Iterator[None]:
    # A replica that is started again is asked again soon.
    servers = " ".join(f"server 127.0.0.1:{each} fail_timeout=1s;" for each in upstreams)
    configuration = folder / "nginx.conf"
    configuration.write_text(CONFIGURATION.format(folder=folder, servers=servers, port=port), encoding="utf-8")
    command = [NGINX, "-p", f"{folder}/", "-c", str(configuration), "-e", "stderr"]
    process = subprocess.Popen(command, stderr=sys.stderr)
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=20)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder

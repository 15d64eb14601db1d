"""The real bot process and the real sandbox process, each started from this checkout."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from bot.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "7000000001:e2e-token-that-no-log-may-hold"
ADMIN_ID = 1


def environment(**settings: str) -> dict[str, str]:
    """This process's environment, with `settings` instead of its own settings of a bot.

    WEIGHTS_DIR is kept, because it may point to other weights than those of the repository.
    """
    ours = {name.upper() for name in Settings.model_fields} - {"WEIGHTS_DIR"}
    kept = {name: value for name, value in os.environ.items() if name not in ours}
    return {**kept, "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(ROOT), **settings}


@contextmanager
def sandbox_process(**settings: str) -> Iterator[str]:
    """Run `python -m bot.sandbox` on a free port, with settings beside its defaults; yields its address.

    Raises RuntimeError if it does not start.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "bot.sandbox"],
        env=environment(BOT_TOKEN=TOKEN, SANDBOX_PORT="0", ADMIN_IDS=str(ADMIN_ID), **settings),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        for line in process.stdout:
            name, _, value = line.strip().partition("=")
            if name == "TELEGRAM_API_URL":
                yield value
                break
        else:
            raise RuntimeError("the sandbox did not start")
    finally:
        process.terminate()
        process.communicate(timeout=20)


@dataclass
class BotProcess:
    """`python -m bot`, or another module's bot, against a sandbox, with its data in a folder; it logs to `log`."""

    api_url: str
    folder: Path
    settings: dict[str, str] = field(default_factory=dict)
    module: str = "bot"
    process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        return self.folder / "bot.log"

    @property
    def runs(self) -> bool:
        """Whether it was started and has not ended."""
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Start it; returns at once."""
        settings = {
            "BOT_TOKEN": TOKEN,
            "TELEGRAM_API_URL": self.api_url,
            "DATA_DIR": str(self.folder),
            "ADMIN_IDS": str(ADMIN_ID),
            "LOG_LEVEL": "DEBUG",
            **self.settings,
        }
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", self.module],
                env=environment(**settings),
                stdout=log,
                stderr=log,
                cwd=self.folder,
            )

    def kill(self) -> None:
        """kill -9."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(timeout=20)

    def stop(self) -> int:
        """SIGTERM; returns the exit status."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(timeout=60)

    def workers(self) -> list[psutil.Process]:
        """Its analysis processes."""
        assert self.process is not None
        return analysis_processes(self.process.pid)


def analysis_processes(pid: int) -> list[psutil.Process]:
    """Those that analyse photos for the process `pid`."""
    found = []
    for child in psutil.Process(pid).children():
        try:
            if "multiprocessing.spawn" in " ".join(child.cmdline()):
                found.append(child)
        except psutil.NoSuchProcess:
            continue
    return found

"""The process that retrains a model: started at low priority, found again after a restart of the bot, stopped.

It outlives the bot. While it runs, it holds a lock on a file. The file contains its process number.
"""

import contextlib
import fcntl
import json
import os
import shlex
import signal
from collections.abc import Mapping, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any, Final

NICENESS: Final = 10
PROGRESS: Final = "progress.json"
SECRETS: Final = ("BOT_TOKEN", "DATA_KEY", "DATABASE_URL", "SENTRY_DSN", "WEBHOOK_SECRET")
"""Variables that the process does not get."""


class AlreadyRunning(Exception):
    """A retraining runs in this folder."""


class Trainer:
    """Runs a command with `--out`, `--pool` and `--weights` added. All methods block for a moment.

    Args:
        command: as in a shell.
        folder: for runs, progress, the log and the new model.
        weights: folder of the serving release.
    """

    def __init__(self, command: str, folder: Path, weights: Path) -> None:
        self._words = shlex.split(command)
        self._weights = weights
        self.folder = folder
        self.pool = folder / "pool"
        self._log = folder / "log"
        self._lock = folder / "running"

    def prepare(self) -> None:
        """Create the folder. It will hold people's photos for a while, so nobody else may read it."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def start(self) -> None:
        """Start the process. Raises AlreadyRunning, or OSError if the command cannot be run."""
        (self.folder / PROGRESS).unlink(missing_ok=True)
        words = ["nice", "-n", str(NICENESS), *self._words]
        words += ["--out", str(self.folder), "--pool", str(self.pool), "--weights", str(self._weights)]
        descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            if not _locked(descriptor):
                raise AlreadyRunning
            # The process inherits only this descriptor, and the lock with it.
            os.set_inheritable(descriptor, True)
            log = str(self._log), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600
            actions = [(os.POSIX_SPAWN_OPEN, 1, *log), (os.POSIX_SPAWN_DUP2, 1, 2)]
            variables = {name: value for name, value in os.environ.items() if name not in SECRETS}
            number = os.posix_spawnp(words[0], words, variables, file_actions=actions, setsid=True)
            os.ftruncate(descriptor, 0)
            os.write(descriptor, str(number).encode())
        finally:
            os.close(descriptor)

    def is_running(self) -> bool:
        """Whether it runs, even if another process of the bot started it."""
        with contextlib.suppress(ChildProcessError, ValueError, OSError):
            # If it is an ended child of this process, this removes it from the process table.
            os.waitpid(int(self._lock.read_text()), os.WNOHANG)
        try:
            descriptor = os.open(self._lock, os.O_RDWR)
        except FileNotFoundError:
            return False
        try:
            return not _locked(descriptor)
        finally:
            os.close(descriptor)

    def stop(self) -> None:
        """Ask it to stop. It keeps its state, so that it can be continued."""
        if self.is_running():
            with contextlib.suppress(ProcessLookupError, ValueError):
                os.kill(int(self._lock.read_text()), signal.SIGTERM)

    def progress(self) -> Mapping[str, Any]:
        """The progress that it has written; empty before that."""
        try:
            found: Mapping[str, Any] = json.loads((self.folder / PROGRESS).read_bytes())
        except (OSError, ValueError):
            return {}
        return found

    def last_words(self) -> str:
        """The last line of its log."""
        with contextlib.suppress(OSError):
            lines = self._log.read_text(errors="replace").strip().splitlines()
            return lines[-1] if lines else ""
        return ""

    def publishing(self, candidate: str) -> str:
        """The command that publishes its new classifier. Of the options, only the data sets are the same."""
        program = takewhile(lambda word: word != "retrain" and not word.startswith("--"), self._words)
        return shlex.join(
            [*program, "publish", candidate, *_option(self._words, "--data"), "--weights", str(self._weights)]
        )


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _option(words: Sequence[str], name: str) -> list[str]:
    """An option with its values; empty if it is absent."""
    if name not in words:
        return []
    return [name, *takewhile(lambda word: not word.startswith("--"), words[words.index(name) + 1 :])]

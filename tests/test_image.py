"""The container's image: how it is set up, what it carries, and when it is healthy."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

from bot.health import FRESH_SECONDS, SIGN_OF_LIFE

ROOT = Path(__file__).resolve().parents[1]


def test_the_image_is_set_up_by_make_and_runs_as_an_ordinary_user() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert "RUN make serving" in dockerfile and "pip install" not in dockerfile
    assert re.findall(r"^VOLUME (.+)$", dockerfile, re.MULTILINE) == ["/data"]
    assert 'CMD ["python", "-m", "bot"]' in dockerfile.splitlines()
    users = re.findall(r"^USER (.+)$", dockerfile, re.MULTILINE)
    assert users and users[-1] not in {"0", "root"}


def test_the_image_begins_from_images_that_are_named_by_digest() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    bases = re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE)
    assert bases and all(re.fullmatch(r"[\w./-]+:[\w.-]+@sha256:[0-9a-f]{64}", base) for base in bases)


def test_the_image_carries_no_training() -> None:
    kept = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    assert "!inference" in kept and "!models" not in kept


def test_the_image_is_healthy_while_the_bot_receives(tmp_path: Path) -> None:
    [command] = re.findall(r"^ +CMD (\[.*\])$", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)

    def health() -> subprocess.CompletedProcess[str]:
        check = [sys.executable, *json.loads(command)[1:]]
        where = {"DATA_DIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
        return subprocess.run(check, env=where, capture_output=True, text=True, check=False)

    assert health().returncode == 1
    sign = tmp_path / SIGN_OF_LIFE
    sign.touch()
    assert health().returncode == 0
    long_ago = time.time() - 2 * FRESH_SECONDS
    os.utime(sign, (long_ago, long_ago))
    done = health()
    assert done.returncode == 1 and done.stdout.startswith("the last sign of life is ")

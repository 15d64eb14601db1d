"""The OpenAPI document holds: schemathesis sends what it allows and what it forbids, and checks the answers."""

import subprocess
import sys
from pathlib import Path

from tests.web.conftest import Service


def test_the_service_does_what_its_document_says(service: Service, tmp_path: Path) -> None:
    # `positive_data_acceptance` is left out: bytes made up at random are of the schema, and are no photo.
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "run", f"{service.url}/v1/openapi.json"),
        *("--header", f"Authorization: Bearer {service.key}"),
        *("--checks", "all", "--exclude-checks", "positive_data_acceptance"),
        *("--max-examples", "10", "--seed", "7", "--generation-database", "none", "--no-color"),
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]

import shutil
from pathlib import Path

import pytest

from tests.inference.releases import write_release


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release with random weights; not to be changed."""
    return write_release(tmp_path_factory.mktemp("release"))


@pytest.fixture
def own_weights(weights: Path, tmp_path: Path) -> Path:
    """A copy of the release that a test may damage."""
    return Path(shutil.copytree(weights, tmp_path / "weights"))

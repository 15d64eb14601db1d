"""The benchmark fills its report, and the served networks answer as the torch networks do."""

from pathlib import Path

import pytest

from benchmarks.__main__ import main
from benchmarks.photos import photos
from benchmarks.reference import Parity, reference_analyzer
from inference.cores import cores
from inference.photo import Photo, decode
from inference.pipeline.analyzer import Analyzer
from inference.registry.file import RegistryFile
from inference.registry.registry import DEFAULT_WEIGHTS, Registry
from models.data.ham10000 import load

SHARED = Path(__file__).resolve().parents[3] / "shared"


@pytest.mark.timeout(300)
def test_a_short_benchmark_fills_its_report_between_the_markers(tmp_path: Path) -> None:
    page = "By hand.\n\n<!-- speed: begin -->\nold\n<!-- speed: end -->\n\nBy hand too.\n"
    (tmp_path / "benchmark.md").write_text(page)
    short = ["--photos", "2", "--rounds", "1", "--starts", "1", "--memory", "2", "4"]
    assert main(["speed", *short, "--out", str(tmp_path)]) == 0
    text = (tmp_path / "benchmark.md").read_text()
    assert text.startswith("By hand.\n") and text.endswith("\nBy hand too.\n") and "\nold\n" not in text
    assert (tmp_path / "benchmark.png").read_bytes().startswith(b"\x89PNG")
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    found = {row[0]: row[1:] for row in rows}
    for step in ("decode", "quality", "gate", "segment", "classify", "draw", "encode"):
        assert float(found[step][1]) > 0, step
    assert {"(a) the plain way", "(b) ours, one at a time", f"(c) ours, 8 waiting, {cores()} processes"} <= found.keys()
    assert float(found["after 4 photos"][0].removesuffix(" MB")) > 50
    segmenter = RegistryFile.load(DEFAULT_WEIGHTS).served_segmenter
    assert float(found[segmenter.served.file][0]) > 100


def test_what_is_served_answers_as_the_torch_networks_do() -> None:
    pictures = [decode(data) for data in photos(None, 2)]
    if (SHARED / "ham10000").is_dir():
        pictures += [Photo(image) for image in load(SHARED / "ham10000", "val", 4).images]
    served, reference, parity = Analyzer.load(Registry.load()), reference_analyzer(DEFAULT_WEIGHTS), Parity()
    for number, photo in enumerate(pictures):
        parity.compare(str(number), served.analyze(photo), reference.analyze(photo))
    assert parity.holds, str(parity)
    assert parity.refused < parity.photos, "photos that are all refused would show nothing"

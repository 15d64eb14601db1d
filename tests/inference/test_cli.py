"""python -m inference: one answer a photo, in the order given, whatever happens to the others."""

import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PIL.JpegImagePlugin import get_sampling

from inference.__main__ import main
from inference.analysis import CLASSES
from inference.batches import BATCH, Outputs, file_answers
from inference.domains import DOMAINS
from inference.registry.registry import DEFAULT_WEIGHTS, Registry
from tests.inference.pictures import encoded, skin
from tests.inference.releases import CLASSIFIER_FILE, domain, edit_registry

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(3):
        (folder / f"mole{number}.jpg").write_bytes(encoded(skin(300 + 20 * number, 240, number)))
    (folder / "tiny.png").write_bytes(encoded(skin(8, 8), "PNG"))
    (folder / "notes.jpg").write_text("not a photo")
    return folder


def run(capsys: pytest.CaptureFixture[str], weights: Path, *arguments: str | Path) -> tuple[int, list[str], str]:
    status = main([*map(str, arguments), "--weights", str(weights)])
    out, err = capsys.readouterr()
    return status, out.splitlines(), err


def records(lines: list[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines]


def test_json_answers_in_order(capsys: pytest.CaptureFixture[str], weights: Path, photos: Path) -> None:
    given = [photos / "mole2.jpg", photos / "tiny.png", photos / "mole0.jpg"]
    status, lines, errors = run(capsys, weights, *given, "--json")
    assert (status, errors) == (0, "")
    answered, refused, other = records(lines)
    assert [record["photo"] for record in (answered, refused, other)] == [str(path) for path in given]
    keys = ["photo", "label", "probabilities", "box", "more_lesions", "refusal", "risk", "domain", "models", "timings"]
    assert list(answered) == list(refused) == keys
    assert list(answered["probabilities"]) == list(CLASSES)
    assert sum(answered["probabilities"].values()) == pytest.approx(1)
    assert answered["label"] in CLASSES and answered["risk"] == "low" and answered["refusal"] is None
    x1, y1, x2, y2 = answered["box"]
    assert 0 <= x1 < x2 <= 340 and 0 <= y1 < y2 <= 240
    assert answered["models"] == {"classifier": "fixcaps 0.0.1", "segmenter": "yolov8n-seg 0.0.1", "gate": "gate 0.0.1"}
    assert set(answered["timings"]) == {"decode", "quality", "gate", "segment", "classify", "total"}
    assert (refused["label"], refused["probabilities"], refused["box"]) == (None, {}, None)
    assert (refused["refusal"], refused["risk"]) == ("too_small", None)


def test_what_cannot_be_read_is_an_error_and_the_others_are_answered(
    capsys: pytest.CaptureFixture[str], weights: Path, photos: Path
) -> None:
    given = [photos / "notes.jpg", photos / "mole0.jpg", photos / "absent.jpg", photos, photos / "mole1.jpg"]
    status, lines, errors = run(capsys, weights, *given, "--json")
    assert (status, errors) == (1, "")
    text, mole, absent, folder, other = records(lines)
    assert text == {"photo": str(photos / "notes.jpg"), "error": "not_an_image"}
    assert absent == {"photo": str(photos / "absent.jpg"), "error": "No such file or directory"}
    assert folder["error"] == "Is a directory"
    assert mole["label"] and other["label"]


def test_sentences_without_json(capsys: pytest.CaptureFixture[str], weights: Path, photos: Path) -> None:
    given = [photos / "mole0.jpg", photos / "tiny.png", photos / "notes.jpg"]
    status, (mole, tiny, notes), _ = run(capsys, weights, *given)
    assert status == 1
    assert mole.startswith(f"{photos / 'mole0.jpg'}: ") and "risk low" in mole and "mel" in mole
    assert tiny == f"{photos / 'tiny.png'}: refused: too_small"
    assert notes == f"{photos / 'notes.jpg'}: error: not_an_image"


def test_a_sentence_names_no_kind_that_does_not_stand_out(
    capsys: pytest.CaptureFixture[str], own_weights: Path, photos: Path
) -> None:
    _, [named], _ = run(capsys, own_weights, photos / "mole0.jpg")
    assert "no single kind stands out" not in named
    even = {"bias": (0.0,) * len(CLASSES), "slopes": (0.01,)}
    undecided = domain(suspicious=1.0, melanoma=1.0).model_copy(update=even)
    edit_registry(own_weights, "classifier", domains=dict.fromkeys(DOMAINS, undecided))
    _, [open_], _ = run(capsys, own_weights, photos / "mole0.jpg")
    assert ": no single kind stands out, most like " in open_


def test_a_sentence_tells_of_several_spots(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    photo = tmp_path / "two.png"
    photo.write_bytes(encoded(np.concatenate([skin(240, 360, 0), skin(240, 360, 1)], axis=1), "PNG"))
    _, [sentence], _ = run(capsys, DEFAULT_WEIGHTS, photo)
    assert ", the worst of 2 spots (" in sentence
    [found] = records(run(capsys, DEFAULT_WEIGHTS, photo, "--json")[1])
    assert len(found["more_lesions"]) == 1


def test_unchecked_reads_what_is_unfit(
    capsys: pytest.CaptureFixture[str], weights: Path, photos: Path, tmp_path: Path
) -> None:
    small = tmp_path / "small.png"
    small.write_bytes(encoded(skin(90, 80), "PNG"))
    status, lines, _ = run(capsys, weights, small, photos / "mole0.jpg", "--json", "--unchecked")
    unfit, mole = records(lines)
    assert status == 0 and unfit["label"] in CLASSES and unfit["refusal"] is None
    checked = records(run(capsys, weights, small, photos / "mole0.jpg", "--json")[1])
    assert checked[0]["refusal"] == "too_small"
    assert mole["probabilities"] == pytest.approx(checked[1]["probabilities"], abs=1e-5)


def test_annotated_and_masks(capsys: pytest.CaptureFixture[str], weights: Path, photos: Path, tmp_path: Path) -> None:
    given = [photos / "mole0.jpg", photos / "tiny.png", photos / "notes.jpg"]
    annotated, masks = tmp_path / "new" / "annotated", tmp_path / "masks"
    _, lines, _ = run(capsys, weights, *given, "--json", "--annotated", annotated, "--masks", masks)
    assert [path.name for path in annotated.iterdir()] == ["mole0.jpg"]
    assert sorted(path.name for path in masks.iterdir()) == ["mole0.png", "tiny.png"]
    with Image.open(masks / "mole0.png") as mask:
        assert mask.size == (300, 240) and mask.mode == "L"
        values = np.array(mask)
    assert set(np.unique(values)) == {0, 255}
    x1, y1, x2, y2 = records(lines)[0]["box"]
    rows, columns = np.nonzero(values)
    assert x1 - 1 <= columns.min() and columns.max() <= x2 + 1 and y1 - 1 <= rows.min() and rows.max() <= y2 + 1
    with Image.open(masks / "tiny.png") as mask:
        assert mask.size == (8, 8) and not np.array(mask).any()
    with Image.open(annotated / "mole0.jpg") as drawing:
        assert drawing.width == 300
        assert get_sampling(drawing) == 0  # colour at full resolution: the contour may be one pixel wide


def test_outputs_that_would_overwrite_each_other_are_refused(
    capsys: pytest.CaptureFixture[str], weights: Path, tmp_path: Path
) -> None:
    with pytest.raises(SystemExit) as caught:
        run(capsys, weights, "a/mole.jpg", "b/mole.png", "--masks", tmp_path / "masks")
    assert caught.value.code == 2
    assert "a/mole.jpg and b/mole.png would be written under one name" in capsys.readouterr().err
    assert not (tmp_path / "masks").exists()


def test_batches_answer_as_single_photos_do(
    capsys: pytest.CaptureFixture[str], weights: Path, photos: Path, tmp_path: Path
) -> None:
    names = ["mole0.jpg", "notes.jpg", "mole1.jpg", "tiny.png", "mole2.jpg"]
    given = [photos / names[number % 5] for number in range(3 * BATCH)]
    status, lines, _ = run(capsys, weights, *given, "--json")
    assert status == 1
    found = records(lines)
    assert [record["photo"] for record in found] == [str(path) for path in given]
    for name in ("mole0.jpg", "mole1.jpg", "mole2.jpg"):
        alone = records(run(capsys, weights, photos / name, "--json")[1])[0]
        for record in found:
            if record["photo"] == str(photos / name):
                assert record["probabilities"] == pytest.approx(alone["probabilities"], abs=1e-5)


def test_no_photos_are_no_answers(weights: Path) -> None:
    assert list(file_answers([], Registry.load(weights), Outputs())) == []


def test_bad_weights_are_one_line(capsys: pytest.CaptureFixture[str], own_weights: Path, photos: Path) -> None:
    (own_weights / CLASSIFIER_FILE).write_bytes(b"other")
    status, lines, errors = run(capsys, own_weights, photos / "mole0.jpg")
    assert (status, lines) == (2, [])
    assert errors.count("\n") == 1 and CLASSIFIER_FILE in errors


def test_a_folder_that_cannot_be_written_is_one_line(
    capsys: pytest.CaptureFixture[str], weights: Path, photos: Path
) -> None:
    status, lines, errors = run(capsys, weights, photos / "mole0.jpg", "--masks", photos / "notes.jpg")
    assert (status, lines) == (2, [])
    assert errors.count("\n") == 1 and "notes.jpg" in errors


def command(weights: Path, photos: Path) -> list[str | Path]:
    given = [photos / "mole0.jpg", photos / "mole1.jpg"]
    return [sys.executable, "-W", "error", "-m", "inference", *given, "--json", "--weights", weights]


def test_the_real_command_writes_nothing_else(weights: Path, photos: Path) -> None:
    done = subprocess.run(command(weights, photos), cwd=ROOT, capture_output=True, text=True, timeout=100)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(records(done.stdout.splitlines())) == 2


def test_a_terminal_gets_a_progress_bar_and_the_pipe_stays_clean(weights: Path, photos: Path) -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        command(weights, photos),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=theirs,
        env=os.environ | {"TERM": "xterm", "COLUMNS": "100"},
    ) as process:
        os.close(theirs)
        shown = b""
        while True:
            try:
                piece = os.read(ours, 4096)
            except OSError:  # the terminal's other side is closed
                break
            if not piece:
                break
            shown += piece
        assert process.stdout is not None
        lines = process.stdout.read().decode().splitlines()
    os.close(ours)
    assert process.returncode == 0
    assert len(records(lines)) == 2
    assert b"2/2" in shown


def test_a_persons_own_photo_is_never_overwritten(
    capsys: pytest.CaptureFixture[str], weights: Path, photos: Path, tmp_path: Path
) -> None:
    link = tmp_path / "link"
    link.symlink_to(photos)
    before = (photos / "mole0.jpg").read_bytes(), (photos / "tiny.png").read_bytes()
    for photo, option in (("mole0.jpg", "--annotated"), ("tiny.png", "--masks")):
        with pytest.raises(SystemExit) as caught:
            run(capsys, weights, photos / photo, option, link)
        assert caught.value.code == 2
        assert "would be overwritten" in capsys.readouterr().err
    assert before == ((photos / "mole0.jpg").read_bytes(), (photos / "tiny.png").read_bytes())


def test_a_full_disk_leaves_no_half_file(tmp_path: Path, weights: Path, photos: Path) -> None:
    arguments = [photos / "mole0.jpg", "--annotated", tmp_path / "out", "--weights", weights]
    program = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000));"
        "from inference.__main__ import main; sys.exit(main(sys.argv[1:]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 2 and done.stderr.startswith("error: ") and done.stderr.count("\n") == 1
    assert list((tmp_path / "out").iterdir()) == []


def _listening() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_an_interruption_ends_without_a_traceback(weights: Path, photos: Path) -> None:
    given = [photos / "mole0.jpg"] * 2000
    line = [sys.executable, "-m", "inference", *given, "--json", "--weights", weights]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    # A shell starts what is to run in the background deaf to this signal, and so would be its children.
    with subprocess.Popen(line, cwd=ROOT, text=True, preexec_fn=_listening, **pipes) as process:
        assert process.stdout is not None and process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (130, "")


def test_a_picture_read_at_half_its_size_is_answered_at_its_own(
    capsys: pytest.CaptureFixture[str], weights: Path, tmp_path: Path
) -> None:
    small, large = tmp_path / "small.jpg", tmp_path / "large.jpg"
    large.write_bytes(encoded(np.kron(skin(), np.ones((15, 15, 1), np.uint8))[:3599], quality=50))
    small.write_bytes(encoded(skin()))
    masks = tmp_path / "masks"
    ours, other = records(run(capsys, weights, large, small, "--json", "--masks", masks)[1])
    assert ours["box"] == pytest.approx([15 * edge for edge in other["box"]], abs=300)
    with Image.open(masks / "large.png") as mask:
        assert mask.size == (4800, 3599)

"""``python -m models``: every documented command parses, help fits a screen, and options belong to their network."""

import re
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest

from models.__main__ import main, parse
from models.commands.release import Export
from models.commands.train import Train
from models.networks.zoo import NAMES
from models.training.classification import recipe_for

ROOT = Path(__file__).parents[2]
COMMANDS = [
    "compare",
    "convert",
    "evaluate",
    "export",
    "gate",
    "kinds",
    "pseudo-masks",
    "publish",
    "refusal",
    "retrain",
    "robustness",
]
RECIPES = sorted((ROOT / "models" / "recipes").glob("*.sh"))
DOCUMENTS = sorted(
    path
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
    if re.search(r"^(?:\.venv/bin/)?python -m models ", path.read_text(encoding="utf-8"), re.MULTILINE)
)
LINES, WIDTH = 40, 80
"""A screen."""


def helped(*arguments: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    with pytest.raises(SystemExit) as caught:
        main([*arguments, "-h"])
    assert caught.value.code == 0
    return capsys.readouterr().out.splitlines()


@pytest.mark.parametrize("command", ["", "train", *COMMANDS, *(f"train {name}" for name in ("yolo", *NAMES))])
def test_help_fits_a_screen_and_says_defaults(
    command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = helped(*command.split(), capsys=capsys, monkeypatch=monkeypatch)
    assert sum(-(-max(len(line), 1) // WIDTH) for line in lines) <= LINES
    if command not in ("", "train"):
        text = re.sub(r"[\s│]+", " ", " ".join(lines)).partition("--help")[2]
        options = re.split(r" (?=--[a-z])", text)[1:]
        assert options and all("(default:" in each or "(required)" in each for each in options)


def test_the_recipe_of_a_network_is_its_default() -> None:
    for name in ("fixcaps", "efficientnet-lite2"):
        command = parse(["train", name, "--data", "ham"])
        assert isinstance(command, Train)
        assert vars(command.network.recipe) == vars(recipe_for(name))
        assert command.network.config.name == name


@pytest.mark.parametrize(
    ("network", "option"),
    [
        ("yolo", "--mixup 0.4"),
        ("yolo", "--kernel 9"),
        ("efficientnet-lite0", "--kernel 9"),
        ("fixcaps", "--smoothing 0.1"),
        ("fixcaps", "--pseudo-masks masks.zip"),
        ("fixcaps", "--name resnet50"),
        ("fixcaps", "--decay 0.1"),
    ],
)
def test_an_option_that_does_not_apply_is_an_error(
    network: str, option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    parse(["train", network, "--data", "ham"])
    with pytest.raises(SystemExit) as caught:
        main(["train", network, "--data", "ham", *option.split()])
    assert caught.value.code == 2
    assert option.split()[0] in capsys.readouterr().err


@pytest.mark.parametrize("share", ["60", "-0.1", "nan"])
def test_a_share_that_is_none_is_one_line(share: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "fixcaps", "--data", "nowhere", "--corrupt", share]) == 1
    assert capsys.readouterr().err == f"error: corrupt: {float(share)} is no share from 0 to 1\n"


def test_no_folder_of_data_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "yolo", "--data"]) == 1
    assert capsys.readouterr().err == "error: no folder of data is given\n"


def test_folders_and_sources_may_be_several() -> None:
    command = parse(["export", "runs/a", "runs/b", "--data", "ham", "milk", "--version", "1.0.0"])
    assert isinstance(command, Export)
    assert command.sources == (Path("runs/a"), Path("runs/b")) and command.data == (Path("ham"), Path("milk"))


def calls(script: str, folder: Path, *arguments: str) -> list[list[str]]:
    """What a shell script asks of ``python -m models``, in order."""
    stub = folder / ".venv" / "bin" / "python"
    stub.parent.mkdir(parents=True)
    stub.write_text('#!/usr/bin/env bash\nprintf "%s\\n" "$@" "" >>calls.txt\n')
    stub.chmod(0o755)
    (folder / "weights").mkdir()
    whole = f'python() {{ .venv/bin/python "$@"; }}\n{script}'
    subprocess.run(["bash", "-euc", whole, "script", *arguments], cwd=folder, check=True, capture_output=True)
    said = [call.split("\n") for call in (folder / "calls.txt").read_text().strip("\n").split("\n\n")]
    return [call[2:] for call in said if call[:2] == ["-m", "models"]]


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.name)
def test_every_command_of_a_recipe_parses(recipe: Path, tmp_path: Path) -> None:
    found = calls(recipe.read_text(encoding="utf-8"), tmp_path, "HAM10000", "MILK10K", "PAD")
    assert found
    for call in found:
        parse(call)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_of_a_document_parses(document: Path, tmp_path: Path) -> None:
    blocks = re.findall(r"^```\w*\n(.*?)^```", document.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    for number, block in enumerate(block for block in blocks if "python -m models " in block):
        for call in calls(block, tmp_path / str(number)):
            parse(call)


def test_every_command_is_documented_and_no_other() -> None:
    text = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([a-z-]+)", text, re.MULTILINE)) == {"train", *COMMANDS}


def test_what_a_recipe_makes_is_made_before_it_is_used(tmp_path: Path) -> None:
    """A run that a recipe names is the outcome of an earlier command."""
    for recipe in RECIPES:
        made: set[str] = set()
        for call in calls(recipe.read_text(encoding="utf-8"), tmp_path / recipe.stem, "HAM10000", "MILK10K", "PAD"):
            out = [word for flag, word in pairwise(call) if flag == "--out"]
            named = {"/".join(word.split("/")[:2]) for word in call if word.startswith("runs/")} - set(out)
            assert named <= made, f"{recipe.name}: {' '.join(call)}"
            made |= set(out)

"""What a newcomer relies on: pinned packages, documented settings and targets, files fit for any machine."""

import ast
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from itertools import chain
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from bot.settings import Settings
from inference.registry.file import RegistryFile
from web.settings import Settings as WebSettings

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
DOCUMENTS = [str(path.relative_to(ROOT)) for path in sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])]
LONGEST_README = 750
LONGEST_NAME = 80
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
DECLARED = [*PROJECT["dependencies"], *chain.from_iterable(PROJECT["optional-dependencies"].values())]
PACKAGES = ("benchmarks", "bot", "inference", "load", "models", "storage", "web")
# Bindings to a driver that may be absent: 0.1 MB of Python that ultralytics lists among its dependencies.
NOT_CUDA = {"nvidia-ml-py"}


def pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pairs = (line.split("==") for line in lines if line and not line.startswith("#"))
    return {name: version for name, version in pairs}


def installed_closure(declared: list[str] = DECLARED) -> dict[str, str]:
    """Name and version of every package that the declared dependencies bring along here."""
    waiting = [Requirement(each) for each in declared]
    seen: set[tuple[str, frozenset[str]]] = set()
    versions: dict[str, str] = {}
    while waiting:
        requirement = waiting.pop()
        name, extras = canonicalize_name(requirement.name), frozenset(requirement.extras)
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        versions[name] = importlib.metadata.version(name)
        for line in importlib.metadata.requires(name) or ():
            needed = Requirement(line)
            marker = needed.marker
            if marker is None or any(marker.evaluate({"extra": extra}) for extra in extras | {""}):
                waiting.append(needed)
    return versions


def third_party_imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.partition(".")[0])
    return names - set(sys.stdlib_module_names) - {*PACKAGES, "tests"}


def tracked_files() -> list[Path]:
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        pytest.skip("this tree is not a git checkout")
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def make(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["make", *arguments], cwd=directory, capture_output=True, text=True, check=False)


@pytest.fixture
def copy_of_the_setup(tmp_path: Path) -> Path:
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    return tmp_path


def hashed(name: str) -> dict[str, str]:
    """Name and version of every requirement of a file in requirements/, each with at least one hash."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line]
    assert all(" --hash=sha256:" in line for line in lines)
    return dict(line.split(maxsplit=1)[0].split("==") for line in lines)


def test_every_package_of_the_environment_is_pinned_at_its_version() -> None:
    pinned = pins()
    assert {
        name: version for name, version in installed_closure().items() if pinned.get(name) != version.partition("+")[0]
    } == {}


def test_every_pin_but_torch_is_installed_by_the_hash_of_its_file() -> None:
    serving, development = hashed("serving"), hashed("development")
    assert not serving.keys() & development.keys()
    unhashed = {"torch", "torchvision"}
    assert serving | development == {name: version for name, version in pins().items() if name not in unhashed}


def test_serving_is_installed_without_anything_of_training() -> None:
    needed = {
        canonicalize_name(name)
        for name in installed_closure([*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["workers"]])
    }
    assert set(hashed("serving")) == needed | {"setuptools"}


def test_the_bill_of_materials_lists_what_the_image_installs(copy_of_the_setup: Path) -> None:
    done = make(copy_of_the_setup, "sbom", "--assume-old=.venv/.installed", f"BIN={Path(sys.executable).parent}")
    assert done.returncode == 0, done.stderr
    bill = json.loads((copy_of_the_setup / "sbom.json").read_text(encoding="utf-8"))
    assert bill["bomFormat"] == "CycloneDX"
    assert {each["name"]: each["version"] for each in bill["components"]} == hashed("serving")


DOCKER = """#!/bin/sh
case "$1" in
  pull) echo "$3" ;;
  inspect) echo "python@sha256:$(echo "$4" | sha256sum | cut -c1-64)" ;;
esac
"""


def test_digests_pin_every_base_image_and_pin_it_anew(
    copy_of_the_setup: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    shutil.copy(ROOT / "Dockerfile", copy_of_the_setup)
    tools = tmp_path_factory.mktemp("tools")
    (tools / "docker").write_text(DOCKER)
    (tools / "docker").chmod(0o755)
    texts = []
    for _ in range(2):
        done = make(copy_of_the_setup, "digests", f"PATH={tools}:{os.environ['PATH']}")
        assert done.returncode == 0, done.stderr
        texts.append((copy_of_the_setup / "Dockerfile").read_text(encoding="utf-8"))
    bases = re.findall(r"^FROM (\S+)", texts[0], re.MULTILINE)
    assert len(bases) == 2 and all(re.fullmatch(r"python:[a-z0-9.-]+@sha256:[0-9a-f]{64}", each) for each in bases)
    assert texts[0] == texts[1]


def test_no_package_of_the_environment_is_a_part_of_cuda() -> None:
    names = (set(installed_closure()) | set(pins())) - NOT_CUDA
    assert [name for name in sorted(names) if re.match(r"nvidia|cuda|cupy|triton", name)] == []


def test_every_third_party_import_is_a_declared_dependency() -> None:
    providers = importlib.metadata.packages_distributions()
    declared = {canonicalize_name(Requirement(each).name) for each in DECLARED}
    assert [
        f"{path.relative_to(ROOT)}: {name}"
        for package in (*PACKAGES, "tests")
        for path in sorted((ROOT / package).rglob("*.py"))
        for name in sorted(third_party_imports(path))
        if not declared & {canonicalize_name(each) for each in providers.get(name, ())}
    ] == []


def test_every_setting_is_documented_and_no_other() -> None:
    section = CONFIGURATION.partition("## Settings")[2].partition("\n## ")[0]
    settings = {name.upper() for name in Settings.model_fields | WebSettings.model_fields}
    assert set(re.findall(r"^\| `([A-Z_]+)` \|", section, re.MULTILINE)) == settings
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert set(re.findall(r"^#([A-Z_]+)=", example, re.MULTILINE)) == settings


def test_the_classifier_that_the_documents_name_is_released() -> None:
    released = {entry.key for entry in RegistryFile.load(ROOT / "weights").classifiers}
    documents = (ROOT / ".env.example").read_text(encoding="utf-8") + CONFIGURATION
    named = set(re.findall(r"\bfixcaps[a-z0-9+-]*-\d[\d.]*\d", documents))
    assert named and named <= released


def test_every_make_target_is_documented_and_no_other() -> None:
    targets = set(re.findall(r"^([a-z]+):.*## ", MAKEFILE, re.MULTILINE))
    contributing = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert targets == set(re.findall(r"`make ([a-z]+)", contributing))
    phony = re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
    assert phony is not None and set(phony[1].split()) == targets


def test_names_of_tests_are_short_sentences() -> None:
    assert [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in sorted((ROOT / "tests").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if len(node.name.removeprefix("test_")) > LONGEST_NAME
    ] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_command_of_a_document_exists(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    modules = {name.rstrip(".") for name in re.findall(r"python -m ([a-z_.]+)", text)}
    paths = {name: ROOT / name.replace(".", "/") for name in modules}
    assert [
        name
        for name, path in paths.items()
        if not ((path / "__main__.py").is_file() or path.with_suffix(".py").is_file())
    ] == []
    targets = set(re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE))
    assert set(re.findall(r"`make ([a-z]+)", text)) <= targets


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_local_link_of_a_document_leads_somewhere(document: str) -> None:
    path = ROOT / document
    text = path.read_text(encoding="utf-8")
    links = re.findall(r"\]\((?!https?://|#)([^)#]+)[^)]*\)", text) + re.findall(r'<img src="([^"]+)"', text)
    assert [link for link in links if not (path.parent / link).exists()] == []


def test_the_readme_is_one_page() -> None:
    words = re.findall(r"[^\W_]+(?:['.-][^\W_]+)*", re.sub(r"\]\([^)]+\)|<[^>]+>|https?://\S+", " ", README))
    assert len(words) <= LONGEST_README


def test_both_licences_are_named_and_the_code_s_is_here() -> None:
    assert "GNU AFFERO GENERAL PUBLIC LICENSE" in (ROOT / "LICENSE").read_text(encoding="utf-8")[:200]
    assert PROJECT["license"] == "AGPL-3.0-or-later"
    assert "AGPL-3.0-or-later" in README and "CC BY-NC 4.0" in README


def test_no_file_holds_a_path_of_this_machine() -> None:
    homes = [f"{place}/".encode() for place in (ROOT, Path.home())]
    exempt = {ROOT / "Dockerfile"}
    assert [
        str(path.relative_to(ROOT))
        for path in tracked_files()
        if path not in exempt and any(home in path.read_bytes() for home in homes)
    ] == []


def test_a_python_that_is_too_old_is_refused_in_one_line(copy_of_the_setup: Path) -> None:
    done = make(copy_of_the_setup, "--silent", "setup", "PYTHON=false")
    assert done.returncode != 0
    said = [line for line in done.stderr.splitlines() if not line.startswith("make")]
    assert len(said) == 1 and "3.11" in said[0]
    assert not (copy_of_the_setup / ".venv").exists()


def test_a_second_run_installs_nothing_until_the_pins_change(copy_of_the_setup: Path) -> None:
    (copy_of_the_setup / ".venv").mkdir()
    for stamp in (".installed-for-serving", ".installed"):
        (copy_of_the_setup / ".venv" / stamp).touch()
    later = time.time() + 1
    assert make(copy_of_the_setup, "--question", "setup").returncode == 0
    os.utime(copy_of_the_setup / "requirements" / "serving.txt", (later, later))
    assert "pip" in make(copy_of_the_setup, "--dry-run", "setup").stdout


def test_serving_installs_no_torch(copy_of_the_setup: Path) -> None:
    assert "torchvision" not in make(copy_of_the_setup, "--dry-run", "serving").stdout
    assert "torchvision" in make(copy_of_the_setup, "--dry-run", "setup").stdout
    assert re.search(r"^run: serving ", MAKEFILE, re.MULTILINE)

"""The rules for imports: bot and web -> inference and storage, models -> inference, nothing back."""

import ast
import graphlib
import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MAY_IMPORT = {
    "benchmarks": {"bot", "inference", "models", "storage"},
    "bot": {"inference", "storage"},
    "inference": set(),
    "models": {"inference"},
    "storage": set(),
    "web": {"inference", "storage"},
}
TELEGRAM = {"aiogram"}
DATABASES = {"aiosqlite", "alembic", "asyncpg", "sqlalchemy"}
NETWORKS = {"cv2", "numpy", "safetensors", "torch", "ultralytics"}
FOREIGN = {
    "bot": DATABASES | {"torch", "torchvision", "ultralytics"},
    "inference": TELEGRAM | DATABASES | {"torch", "torchvision", "ultralytics"},
    "models": TELEGRAM | DATABASES,
    "storage": TELEGRAM | NETWORKS | {"torchvision"},
    "web": TELEGRAM | DATABASES | NETWORKS | {"torchvision"},
}
TRAINING_ONLY = {
    *("hypothesis", "onnx", "onnxscript", "playwright", "pytest", "sklearn", "timm"),
    *("torch", "torchvision", "ultralytics"),
}
LONGEST_MODULE = 300


def modules(package: str) -> list[Path]:
    found = sorted((ROOT / package).rglob("*.py"))
    assert found, f"{package}/ holds no module"
    return found


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """Line and full name of every absolute import in a module; a relative one cannot leave its package.

    A process is an edge too: `["python", "-m", "inference"]`, `"python -m inference"` and `runpy` run a module.
    """
    yield from imports_of(ast.parse(path.read_text(encoding="utf-8"), str(path)))


def imports_of(module: ast.Module) -> Iterator[tuple[int, str]]:
    documentation = {id(node.value) for node in ast.walk(module) if isinstance(node, ast.Expr)}
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.List | ast.Tuple):
            yield from ((node.lineno, name) for name in started(node.elts))
        elif isinstance(node, ast.Call):
            yield from ((node.lineno, name) for name in started(node.args))
            if ast.unparse(node.func).rpartition(".")[2] in {"import_module", "run_module"}:
                yield from ((node.lineno, text) for text in texts(node.args[:1]))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
            command = re.match(r"\S*python\S* (?:-\S+ )*?-m ([\w.]+)", node.value)
            if command and len(node.value.splitlines()) == 1:
                yield node.lineno, command[1]


def started(words: list[ast.expr]) -> list[str]:
    """The module that a command line, given as a list of words, runs."""
    return [name for flag, module in pairwise(words) if texts([flag]) == ["-m"] for name in texts([module])]


def texts(nodes: list[ast.expr]) -> list[str]:
    return [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]


@pytest.mark.parametrize(
    "source",
    [
        "from inference.pipeline import analyzer",
        "def later():\n    import inference",
        'subprocess.run([sys.executable, "-m", "inference", "--json"])',
        'command = (python, "-W", "error", "-m", "inference")',
        'await asyncio.create_subprocess_exec(sys.executable, "-m", "inference", stdout=PIPE)',
        'os.system("python3 -m inference photo.jpg")',
        'runpy.run_module("inference")',
        'importlib.import_module("inference.batches")',
    ],
)
def test_every_way_to_reach_a_package_is_seen(source: str) -> None:
    assert [name.partition(".")[0] for _, name in imports_of(ast.parse(source))] == ["inference"]


@pytest.mark.parametrize("source", ['"""Run python -m inference."""', 'print("see python -m inference")', '["-m"]'])
def test_words_about_a_package_are_no_import(source: str) -> None:
    assert list(imports_of(ast.parse(source))) == []


def where(path: Path, line: int, name: str) -> str:
    return f"{path.relative_to(ROOT)}:{line} imports {name}"


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_imports_run_one_way(package: str) -> None:
    forbidden = (set(MAY_IMPORT) | {"tests"}) - MAY_IMPORT[package] - {package}
    assert [
        where(path, line, name)
        for path in modules(package)
        for line, name in imported(path)
        if name.partition(".")[0] in forbidden
    ] == []


def test_no_module_is_imported_by_what_it_imports() -> None:
    names = {module_name(path): path for package in MAY_IMPORT for path in modules(package)}
    graph = {name: set[str]() for name in names}
    for name, path in names.items():
        for _, target in imported(path):
            # What is imported is a module, or a name in one.
            found = target if target in names else target.rpartition(".")[0]
            graph[name] |= {found} & names.keys() - {name}
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        pytest.fail(" imports ".join(reversed(error.args[1])))


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@pytest.mark.parametrize("package", FOREIGN)
def test_a_package_knows_no_library_of_another_room(package: str) -> None:
    assert [
        where(path, line, name)
        for path in modules(package)
        for line, name in imported(path)
        if name.partition(".")[0] in FOREIGN[package]
    ] == []


def test_the_sandbox_imports_nothing_of_ours_outside_itself() -> None:
    assert [
        where(path, line, name)
        for path in modules("bot/sandbox")
        for line, name in imported(path)
        if name.partition(".")[0] in set(MAY_IMPORT) | {"tests"} and not name.startswith("bot.sandbox.")
    ] == []


def test_the_bot_imports_of_the_sandbox_its_server_alone() -> None:
    outside = [path for path in modules("bot") if not path.is_relative_to(ROOT / "bot" / "sandbox")]
    names = [
        (where(path, line, name), name)
        for path in outside
        for line, name in imported(path)
        if f"{name}.".startswith("bot.sandbox.")
    ]
    assert {name for _, name in names} == {"bot.sandbox.Sandbox"}, names


@pytest.mark.parametrize("package", [*MAY_IMPORT, "tests"])
def test_a_module_is_short_enough_to_be_read_at_one_sitting(package: str) -> None:
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in modules(package)
    }
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_MODULE} == {}


def output(script: str) -> str:
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_serving_loads_nothing_of_training() -> None:
    """The image carries only what serving needs; torch alone would double its start and its memory."""
    names = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for package in ("bot", "inference", "web")
        for path in modules(package)
        if path.name != "__init__.py"
    ]
    script = (
        "import importlib, sys\n"
        f"for name in {names!r}: importlib.import_module(name)\n"
        f"print(*sorted({TRAINING_ONLY!r} & set(sys.modules)))\n"
    )
    assert output(script) == ""


def test_storage_loads_neither_telegram_nor_torch() -> None:
    script = f"import sys, storage.database; print(*sorted({TELEGRAM | NETWORKS!r} & set(sys.modules)))"
    assert output(script) == ""


def test_workers_load_no_telegram() -> None:
    """They never talk to it, and aiogram would more than double their start and their memory."""
    script = f"import sys, bot.workers.__main__; print(*sorted({TELEGRAM!r} & set(sys.modules)))"
    assert output(script) == ""


def test_whoever_imports_ultralytics_keeps_it_from_changing_pillow() -> None:
    keeper = "models.networks.ultralytics_env"
    found = {path: {name for _, name in imported(path)} for path in modules("models")}
    assert [
        str(path.relative_to(ROOT))
        for path, names in found.items()
        if any(name.startswith("ultralytics") for name in names)
        and keeper not in names
        and path.stem != "ultralytics_env"
    ] == []
    assert output(f"import {keeper}; from PIL import Image; print(Image.open.__module__)") == "PIL.Image"

"""The house rules that imports must keep: bot -> inference and storage, models and web -> inference, nothing back."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MAY_IMPORT = {
    "benchmarks": {"bot", "inference", "models"},
    "bot": {"inference", "storage"},
    "inference": set(),
    "models": {"inference"},
    "storage": set(),
    "web": {"inference"},
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
    """Line and full name of every absolute import in a module; a relative one cannot leave its package."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


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


@pytest.mark.parametrize("package", MAY_IMPORT)
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

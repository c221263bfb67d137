"""The rules of the house: who may import whom, and who may read the environment."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TypeGuard

import pytest

ROOT = Path(__file__).resolve().parent.parent
MAY_IMPORT = {
    "models": set(),
    "index": set(),
    "export": {"models"},
    "server": {"models", "index"},
    "bench": {"export", "index", "models", "server"},
}
ROOMS = set(MAY_IMPORT)
# The stages of a request know nothing of each other; server/engine.py alone states their order.
STAGES = {"admission", "cache", "decoding", "engine", "tokenization", "workers"}
TORCH = {"torch", "transformers", "optimum"}
# Executed by path in environments of their own, written as their users would; nothing imports them.
SCRIPTS = {ROOT / "bench" / "services", ROOT / "export" / "scripts"}
WIDE_FILE_LINES, LONG_FUNCTION_LINES = 250, 60


def sources(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield str(node.module)


def rooms_of(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imports(path)} & (ROOMS | {"tests"})


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_a_room_imports_only_the_rooms_that_it_may(room: str) -> None:
    for path in sources(room):
        assert rooms_of(path) - {room} <= MAY_IMPORT[room], path


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_other_rooms_are_entered_by_the_front_door(room: str) -> None:
    for path in sources(room):
        inner = {name for name in imports(path) if "." in name and name.split(".")[0] in ROOMS - {room}}
        assert not inner, path


def test_a_stage_imports_no_other_stage_but_the_engine_imports_all() -> None:
    for stage in STAGES - {"engine"}:
        found = {name.removeprefix("server.") for name in imports(ROOT / "server" / f"{stage}.py")}
        assert not found & STAGES, stage
    engine = {name.removeprefix("server.") for name in imports(ROOT / "server" / "engine.py")}
    assert {"admission", "cache", "tokenization", "workers"} <= engine


def test_torch_is_imported_by_the_scripts_of_other_environments_alone() -> None:
    for room in ROOMS:
        for path in sources(room):
            used = {name.split(".")[0] for name in imports(path)} & TORCH
            assert not used or path.parent in SCRIPTS, path


def environment_reads(path: Path) -> Iterator[ast.Attribute]:
    """Every use of os.environ or os.getenv but `os.environ.setdefault`, which tells a library something."""
    tree = ast.parse(path.read_text("utf-8"))
    told = [node.func.value for node in ast.walk(tree) if isinstance(node, ast.Call) and is_setdefault(node.func)]
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"} and node not in told:
            yield node


def is_setdefault(node: ast.expr) -> TypeGuard[ast.Attribute]:
    return isinstance(node, ast.Attribute) and node.attr == "setdefault"


def test_the_environment_is_read_in_the_settings_and_nowhere_else() -> None:
    product = [path for room in ("models", "index", "export", "server") for path in sources(room)]
    readers = {path.relative_to(ROOT).as_posix() for path in product if any(environment_reads(path))}
    assert readers == {"server/settings.py"}


def test_onnx_runtime_is_imported_where_its_telemetry_is_turned_off() -> None:
    paths = [path for room in (*ROOMS, "tests") for path in sources(room) if path.parent not in SCRIPTS]
    users = {path.relative_to(ROOT).as_posix() for path in paths if "onnxruntime" in set(imports(path))}
    assert users == {"models/runtime.py"}


@pytest.mark.parametrize("package", ["models", "export", "server", "bench.machine"])
def test_nothing_is_written_home_on_import(package: str, tmp_path: Path) -> None:
    environment = {"HOME": str(tmp_path), "PATH": "/usr/bin"}
    subprocess.run([sys.executable, "-c", f"import {package}"], env=environment, check=True, timeout=60)
    assert list(tmp_path.rglob("*")) == []


@pytest.mark.parametrize("order", ["index, models", "models, index", "server, index", "index.view, onnxruntime"])
def test_usearch_and_onnx_runtime_are_loaded_in_any_order(order: str) -> None:
    subprocess.run([sys.executable, "-c", f"import {order}"], check=True, timeout=60)


def test_imports_stand_at_the_top_of_their_file() -> None:
    for room in ROOMS:
        for path in sources(room):
            if path.parent in SCRIPTS:
                continue
            inner = [
                node
                for function in ast.walk(ast.parse(path.read_text("utf-8")))
                if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
                for node in ast.walk(function)
                if isinstance(node, ast.Import | ast.ImportFrom)
            ]
            assert not inner, path


def test_files_and_functions_stay_small() -> None:
    for room in ROOMS:
        for path in sources(room):
            text = path.read_text("utf-8")
            assert text.count("\n") <= WIDE_FILE_LINES, path
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    assert node.end_lineno is not None
                    assert node.end_lineno - node.lineno < LONG_FUNCTION_LINES, f"{path}: {node.name}"


def test_every_file_of_the_rooms_says_what_it_is_for() -> None:
    for room in ROOMS:
        for path in sources(room):
            assert ast.get_docstring(ast.parse(path.read_text("utf-8"))), path


def test_the_rules_can_fail(tmp_path: Path) -> None:
    bad = tmp_path / "bad.py"
    bad.write_text("from server.engine import Engine\nimport torch.nn\n")
    assert rooms_of(bad) == {"server"}
    assert set(imports(bad)) == {"server.engine", "torch.nn"}
    assert sys.version_info >= (3, 11)

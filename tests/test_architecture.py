"""The rules of the house: who may import whom, what a wing loads, who reads the environment, how large things are."""

import ast
import functools
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeGuard

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = {
    "models": set(),
    "index": set(),
    "export": {"models"},
    "server": {"models", "index"},
    "bench": {"export", "index", "models", "server"},
}
# Where another room may enter: at these modules alone.
DOORS = {
    "models": {"models", "models.runtime", "models.tokenizer"},
    "index": {"index"},
    "export": {"export"},
    "server": {
        "server.allocator",
        "server.app",
        "server.backend",
        "server.contract.embedding",
        "server.contract.errors",
        "server.engine",
        "server.engine.scheduling",
        "server.engine.sessions",
        "server.settings",
    },
}
# Which wings of its room a wing may import.
WINGS: Mapping[str, Mapping[str, set[str]]] = {
    "server": {
        "contract": set(),
        "web": {"contract"},
        "access": {"web", "contract"},
        "connection": {"web", "contract"},
        "dialects": {"access", "web", "contract"},
        "openapi": {"access", "web", "contract"},
        "console": {"web"},
        "engine": {"contract"},
        "documents": {"engine", "contract"},
    },
    "index": {
        "documents": set(),
        "filters": {"documents"},
        "store": {"documents", "filters"},
        "words": {"documents", "filters", "store"},
        "view": {"store"},
        "search": {"documents", "filters", "store", "view", "words"},
        "projection": {"documents", "filters", "store", "view"},
        "sources": set(),
        "commands": {"documents", "sources", "store", "words"},
    },
    "bench": {
        "workload": set(),
        "figures": {"workload"},
        "traffic": {"figures", "workload"},
        "servers": {"traffic", "figures"},
        "peers": {"traffic"},
        "documents": {"traffic", "figures", "workload"},
        "graphs": {"peers", "figures", "workload"},
        "batching": {"figures", "workload"},
        "retrieval": {"peers", "traffic", "figures"},
        "report": {"figures"},
        "commands": {
            "batching",
            "retrieval",
            "graphs",
            "documents",
            "servers",
            "peers",
            "traffic",
            "figures",
            "workload",
        },
    },
}
# Modules of a room that all its wings may import, and that import no wing but those named.
GROUND: Mapping[str, Mapping[str, set[str]]] = {
    "server": {"settings": {"contract"}, "logs": set(), "pool": set(), "turns": set(), "version": set()},
    "index": {"errors": set()},
    "bench": {
        "errors": set(),
        "options": set(),
        "machine": set(),
        "artifacts": set(),
        "progress": set(),
        "environments": set(),
    },
}
# Imports that break these rules and shall go; none is left, and none may come.
DEBTS: set[tuple[str, str]] = set()
# Dialects share nothing but what OpenAI's and text-embeddings-inference's have in common.
SHARED_DIALECTS = {("tei", "openai")}
# What importing a module must not load, by whatever way.
NEVER_LOADED = {
    "server.dialects": {"index", "models.runtime", "onnxruntime", "tokenizers", "usearch", "apsw", "tantivy"},
    "server.openapi": {"index", "models.runtime", "onnxruntime", "tokenizers", "usearch", "apsw", "tantivy"},
    "server.console": {"index", "models.runtime", "onnxruntime", "tokenizers", "usearch", "apsw", "tantivy"},
    "server.connection": {"index", "models.runtime", "onnxruntime", "tokenizers", "usearch", "apsw", "tantivy"},
    "server.engine": {"litestar", "uvicorn", "httptools", "index", "usearch", "apsw", "tantivy"},
    "server.documents": {"litestar", "uvicorn", "httptools"},
    "server.contract": {"litestar", "uvicorn", "index", "models", "onnxruntime", "server.settings"},
    "server.__main__": {"litestar", "uvicorn", "index", "onnxruntime", "tokenizers", "numpy"},
    "server.access.key_commands": {"litestar", "uvicorn", "index", "onnxruntime", "tokenizers", "numpy"},
    "index.__main__": {"usearch", "numkong", "numpy", "apsw", "tantivy"},
    "bench.__main__": {"numpy", "onnxruntime", "matplotlib", "server"},
    "models": {"onnxruntime", "tokenizers", "numpy"},
}
TORCH = {"torch", "transformers", "optimum"}
# Executed by path in environments of their own, written as their users would; nothing imports them.
SCRIPTS = {ROOT / "bench" / "peers" / "services", ROOT / "export" / "scripts"}
FILE_LINES, FUNCTION_LINES = 250, 40


def sources(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@functools.cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


@functools.cache
def imports(path: Path) -> tuple[str, ...]:
    """Return every module that a file imports; for `from package import module`, that module."""
    return tuple(_imports(path))


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            package = str(node.module)
            folder = ROOT / Path(*package.split("."))
            for alias in node.names:
                inner = (folder / alias.name).is_dir() or (folder / f"{alias.name}.py").is_file()
                yield f"{package}.{alias.name}" if inner else package


def rooms_of(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imports(path)} & {*ROOMS, "tests"}


def wing_of(module: str) -> str:
    """Return the part of a module's name below its room, or the room itself."""
    return [*module.split("."), ""][1]


def strangers(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the imports of a file that its wing may not have, as pairs of modules."""
    module = module_of(path)
    room, wing = module.split(".")[0], wing_of(module)
    wings, ground = WINGS[room], GROUND[room]
    if wing not in wings and wing not in ground:
        return  # what puts the wings together
    allowed = wings[wing] | set(ground) | {wing} if wing in wings else ground[wing] | set(ground)
    for name in imports(path):
        if name.split(".")[0] == room and wing_of(name) not in allowed:
            yield module, name


def all_strangers() -> set[tuple[str, str]]:
    return {pair for room in WINGS for path in sources(room) if path.parent not in SCRIPTS for pair in strangers(path)}


def loaded_by(module: str) -> set[str]:
    """Return every module, and every package of one, that is loaded once this one and all below it are imported."""
    folder = ROOT / Path(*module.split("."))
    files = sorted(folder.rglob("*.py")) if folder.is_dir() and module.startswith("server.") else []
    names = [module, *(module_of(path) for path in files)]
    code = f"import importlib, sys\nfor name in {names!r}: importlib.import_module(name)\nprint(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120, cwd=ROOT
    )
    return set(done.stdout.split())


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_a_room_imports_only_the_rooms_that_it_may(room: str) -> None:
    for path in sources(room):
        assert rooms_of(path) - {room} <= ROOMS[room], path


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_other_rooms_are_entered_by_their_doors(room: str) -> None:
    for path in sources(room):
        for name in imports(path):
            other = name.split(".")[0]
            assert other not in DOORS or other == room or name in DOORS[other], f"{path}: {name}"


def test_a_wing_imports_only_the_wings_that_it_may() -> None:
    assert all_strangers() == DEBTS


@pytest.mark.parametrize("room", WINGS)
def test_every_allowed_import_of_a_wing_is_there_or_it_would_not_be_in_the_table(room: str) -> None:
    used: dict[str, set[str]] = {wing: set() for wing in WINGS[room]}
    for path in sources(room):
        wing = wing_of(module_of(path))
        if wing in used:
            used[wing] |= {wing_of(name) for name in imports(path) if name.split(".")[0] == room}
    for wing, allowed in WINGS[room].items():
        assert allowed <= used[wing], (wing, allowed - used[wing])


@pytest.mark.parametrize("room", WINGS)
def test_every_folder_of_a_room_is_a_wing(room: str) -> None:
    folders = {path.parent.relative_to(ROOT / room).parts[0] for path in (ROOT / room).rglob("*/__init__.py")}
    assert folders == set(WINGS[room])


def test_a_dialect_imports_no_other_dialect() -> None:
    dialects = {path.parent.name for path in (ROOT / "server" / "dialects").glob("*/__init__.py")}
    for name in dialects:
        for path in (ROOT / "server" / "dialects" / name).rglob("*.py"):
            others = {
                one.split(".")[2] for one in imports(path) if one.startswith("server.dialects.") and "." in one[16:]
            }
            for other in (others & dialects) - {name}:
                assert (name, other) in SHARED_DIALECTS, path


def test_only_the_documents_and_the_assembly_know_the_index() -> None:
    users = {module_of(path) for path in sources("server") if "index" in {name.split(".")[0] for name in imports(path)}}
    assert {wing_of(name) for name in users} <= {"documents", "serving"}


@pytest.mark.parametrize("module", NEVER_LOADED)
def test_what_a_module_must_not_load_it_does_not_load(module: str) -> None:
    assert not loaded_by(module) & NEVER_LOADED[module]


def test_torch_is_imported_by_the_scripts_of_other_environments_alone() -> None:
    for room in ROOMS:
        for path in sources(room):
            used = {name.split(".")[0] for name in imports(path)} & TORCH
            assert not used or path.parent in SCRIPTS, path


def environment_reads(path: Path) -> Iterator[ast.Attribute]:
    """Every use of os.environ or os.getenv but `os.environ.setdefault`, which tells a library something."""
    tree = tree_of(path)
    told = [node.func.value for node in ast.walk(tree) if isinstance(node, ast.Call) and is_setdefault(node.func)]
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"} and node not in told:
            yield node


def is_setdefault(node: ast.expr) -> TypeGuard[ast.Attribute]:
    return isinstance(node, ast.Attribute) and node.attr == "setdefault"


def test_the_environment_is_read_in_the_settings_and_nowhere_else() -> None:
    product = [path for room in ("models", "index", "export", "server") for path in sources(room)]
    readers = {path.relative_to(ROOT).as_posix() for path in product if any(environment_reads(path))}
    assert readers == {"server/settings.py", "index/commands/terminal.py"}  # the latter NO_COLOR alone


def test_onnx_runtime_is_imported_where_its_telemetry_is_turned_off() -> None:
    paths = [path for room in (*ROOMS, "tests") for path in sources(room) if path.parent not in SCRIPTS]
    users = {path.relative_to(ROOT).as_posix() for path in paths if "onnxruntime" in set(imports(path))}
    assert users == {"models/runtime.py"}


@pytest.mark.parametrize("package", ["models.runtime", "export", "server.serving", "bench.machine"])
def test_nothing_is_written_home_on_import(package: str, tmp_path: Path) -> None:
    environment = {"HOME": str(tmp_path), "PATH": "/usr/bin"}
    subprocess.run([sys.executable, "-c", f"import {package}"], env=environment, check=True, timeout=60)
    assert list(tmp_path.rglob("*")) == []


@pytest.mark.parametrize(
    "order",
    [
        "index.public, models.runtime",
        "models.runtime, index.public",
        "server.serving, index.public",
        "index.view.graph, onnxruntime",
    ],
)
def test_usearch_and_onnx_runtime_are_loaded_in_any_order(order: str) -> None:
    subprocess.run([sys.executable, "-c", f"import {order}"], check=True, timeout=60)


def test_imports_stand_at_the_top_of_their_file() -> None:
    for room in ROOMS:
        for path in sources(room):
            if path.parent in SCRIPTS:
                continue
            inner = [
                node
                for function in ast.walk(tree_of(path))
                if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
                for node in ast.walk(function)
                if isinstance(node, ast.Import | ast.ImportFrom)
            ]
            assert not inner, path


def test_files_and_functions_stay_small() -> None:
    for room in ROOMS:
        for path in sources(room):
            text = path.read_text("utf-8")
            assert text.count("\n") <= FILE_LINES, path
            for node in ast.walk(tree_of(path)):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    assert node.end_lineno is not None
                    assert node.end_lineno - node.lineno < FUNCTION_LINES, f"{path}: {node.name}"


def test_every_file_of_the_rooms_says_what_it_is_for() -> None:
    for room in ROOMS:
        for path in sources(room):
            assert ast.get_docstring(tree_of(path)), path


def test_the_rules_can_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted imports are seen: one across the wall, one of another room's inside, one that loads too much."""
    planted = tmp_path / "server" / "web" / "planted.py"
    planted.parent.mkdir(parents=True)
    planted.write_text(
        '"""Planted."""\nimport torch.nn\nfrom server.engine import Engine\nfrom index.store import rows\n'
    )
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    assert rooms_of(planted) == {"server", "index"}
    assert set(strangers(planted)) == {("server.web.planted", "server.engine")}
    assert {name for name in imports(planted) if name not in DOORS["index"] and name.startswith("index")} == {
        "index.store"
    }
    monkeypatch.undo()
    assert loaded_by("server.serving") >= {"litestar", "onnxruntime", "usearch"}

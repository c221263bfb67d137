"""Fixtures for every room: a tiny exported model, a running server, and the folder of the STS benchmark."""

import fcntl
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from models import ARTIFACTS
from tests.running import RunningServer, start_server
from tests.tiny import TINY, export_tiny

# How long an example takes says more of what runs beside it than of the example.
settings.register_profile("vecd", deadline=None)
settings.load_profile("vecd")

QUICK = "not e2e"
# Folders whose tests start daemons, browsers or clients of their own, and fixtures that do: not for the quick gate.
SLOW_FOLDERS = {"browser", "chroma", "clients", "daemons", "e2e", "faults", "hostile", "syscalls"}
SLOW_FIXTURES = {"plain", "ids", "keyed", "client", "locked_server"}


def pytest_configure() -> None:
    """Let tests interrupt what they start: a job in a shell's background ignores SIGINT, and so do its children."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--sts", type=Path, help="folder of the STS benchmark (stsb-en-dev.csv, stsb-en-test.csv)")
    parser.addoption("--kernels", type=Path, help="the operators' library to test, instead of the one built here")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Import nothing for the quick gate that it does not run."""
    return True if config.option.markexpr == QUICK and collection_path.name in SLOW_FOLDERS else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        if item.path.parent.name in SLOW_FOLDERS or fixtures & SLOW_FIXTURES:
            item.add_marker("e2e")


@pytest.fixture(scope="session")
def sts(request: pytest.FixtureRequest) -> Path:
    folder: Path | None = request.config.getoption("--sts")
    if folder is None:
        pytest.skip("needs the STS benchmark: pytest --sts=DIR, make test STS=DIR")
    return folder.resolve()


@pytest.fixture(scope="session")
def tiny_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of artifacts that holds one tiny BERT with random weights, through the real export."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return export_tiny(tmp_path_factory.mktemp("models"))
    # The processes of one run share one export: the first makes it, the others wait.
    folder = tmp_path_factory.getbasetemp().parent / "models"
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return folder if folder.exists() else export_tiny(folder)


@pytest.fixture(scope="session")
def tiny_server(tiny_models: Path) -> Iterator[RunningServer]:
    """The real daemon on a real socket, over the tiny model."""
    with start_server("--models", str(tiny_models), "--model", TINY, "--max-body-bytes", "2000000") as server:
        yield server


@pytest.fixture(scope="session")
def real_server() -> Iterator[RunningServer]:
    """The real daemon over the exported all-MiniLM-L6-v2; `make test` exports it first."""
    assert (ARTIFACTS / "all-MiniLM-L6-v2" / "manifest.json").is_file(), "run `make export` first"
    with start_server() as server:
        yield server

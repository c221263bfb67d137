"""Daemons that many tests share: open to all, with keys, and one that takes token ids."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import msgspec
import pytest

from tests.running import RunningServer, launch_module, started
from tests.server.daemon import Daemon, free_port, make_key, serving
from tests.tiny import TINY

# The daemon as it is, and with MessagePack between HTTP and the engine: every test of the HTTP suite runs against both.
WALLS = {"direct": "server", "walled": "tests.walled"}


@pytest.fixture(scope="session", params=WALLS)
def tiny_server(request: pytest.FixtureRequest, tiny_models: Path) -> Iterator[RunningServer]:
    flags = ("--port", "0", "--models", str(tiny_models), "--model", TINY, "--max-body-bytes", "2000000")
    with started(launch_module(WALLS[request.param], flags, {}, subprocess.PIPE)) as server:
        yield server


class Keyed(msgspec.Struct, frozen=True):
    """A daemon that needs keys: one for each scope, and the port that needs none."""

    daemon: Daemon
    file: Path
    keys: dict[str, str]
    metrics_port: int

    def client(self, scope: str = "") -> httpx.Client:
        return self.daemon.client(self.keys[scope] if scope else "")


@pytest.fixture(scope="package")
def plain(tiny_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """No keys, no limits, an alias of each kind."""
    folder = tmp_path_factory.mktemp("plain")
    with serving(tiny_models, folder, "--model-alias", "org/tiny,small,pinned:latest") as daemon:
        yield daemon


@pytest.fixture(scope="package")
def ids(tiny_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """Takes token ids."""
    with serving(tiny_models, tmp_path_factory.mktemp("ids"), "--accept-token-ids") as daemon:
        yield daemon


@pytest.fixture(scope="package")
def keyed(tiny_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keyed]:
    """Needs keys."""
    folder, port = tmp_path_factory.mktemp("keyed"), free_port()
    file = folder / "keys.json"
    keys = {scope: make_key(file, scope) for scope in ("embed", "search", "write", "admin")}
    with serving(tiny_models, folder, "--metrics-port", str(port), VECD_KEYS=str(file)) as daemon:
        yield Keyed(daemon, file, keys, port)


@pytest.fixture
def client(plain: Daemon) -> Iterator[httpx.Client]:
    with plain.client() as client:
        yield client

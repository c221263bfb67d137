"""Daemons that many tests share: open to all, with keys, and one that takes token ids."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import msgspec
import pytest

from tests.access.daemon import Daemon, free_port, make_key, serving


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

"""A daemon that wants keys, with limits small enough to be met."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.running import RunningServer, clean_environment, start_server
from tests.server.openapi.document import FLAGS
from tests.tiny import TINY

ALL_SCOPES = "embed,search,write,admin"


def add_key(file: Path, scopes: str = ALL_SCOPES) -> str:
    """Make a key as a user does, and return it."""
    command = [sys.executable, "-m", "server", "keys", "add", "test", "--scopes", scopes, "--keys", str(file)]
    done = subprocess.run(command, env=clean_environment(), capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture(scope="package")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of keys."""
    return tmp_path_factory.mktemp("keys") / "keys.json"


@pytest.fixture(scope="package")
def key(keys: Path) -> str:
    """A key that allows everything."""
    return add_key(keys)


@pytest.fixture(scope="package")
def locked_server(tiny_models: Path, keys: Path, key: str) -> Iterator[RunningServer]:
    """The daemon; it asks for keys."""
    with start_server("--models", str(tiny_models), "--model", TINY, "--keys", str(keys), *FLAGS) as server:
        yield server

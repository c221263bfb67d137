"""The servers that the clients ask, and what each client says of them."""

import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import msgspec
import pytest

from tests.clients.environments import PROGRAMS, closed_environment
from tests.clients.native import Native
from tests.clients.programs import Answers, Ask, Job, run_program
from tests.clients.texts import TEXTS
from tests.running import RunningServer, clean_environment, start_server


class KeyedServer(msgspec.Struct, frozen=True):
    """A server that wants keys: one that lets embed, and one that does not."""

    url: str
    key: str
    other_key: str


@pytest.fixture(scope="session")
def native(real_server: RunningServer) -> Iterator[Native]:
    with real_server.client() as client:
        yield Native(client)


@pytest.fixture(scope="session")
def keyed_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KeyedServer]:
    file = tmp_path_factory.mktemp("keys") / "keys.json"
    keys = [add_key(file, scopes) for scopes in ("embed", "search")]
    with start_server("--keys", str(file)) as server:
        yield KeyedServer(server.url, *keys)


def add_key(file: Path, scopes: str) -> str:
    words = [sys.executable, "-m", "server", "keys", "add", scopes, "--scopes", scopes, "--keys", str(file)]
    done = subprocess.run(words, capture_output=True, text=True, env=clean_environment(), check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture(scope="session")
def limited_server() -> Iterator[RunningServer]:
    with start_server("--requests-per-minute", "1") as server:
        yield server


@pytest.fixture(scope="session")
def ask(
    real_server: RunningServer,
    keyed_server: KeyedServer,
    limited_server: RunningServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Ask:
    """Return a function that lets a client by its name do everything, once."""
    jobs = [
        Job(real_server.url),
        Job(keyed_server.url, keyed_server.key, ("all",)),
        Job(keyed_server.url, keyed_server.key[:-1] + "?", ("one",)),
        Job(keyed_server.url, keyed_server.other_key, ("one",)),
        Job(limited_server.url, calls=("one", "one")),
    ]

    @cache
    def run(name: str) -> Answers:
        command = PROGRAMS[name]()
        if command is None:
            pytest.skip("needs Node and npm: apt-get install nodejs npm")
        environment = closed_environment(tmp_path_factory.mktemp("home"))
        return Answers(*run_program(command, jobs, TEXTS, environment))

    return run

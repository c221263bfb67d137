"""The real daemon behind a real socket, with short limits; after each test it must serve, and have logged no bug."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.connection.hostile.door import Door, start_door
from tests.server.engine.faults.daemon import FaultyServer, start_faulty
from tests.server.polling import until

FLAGS = ("--cores", "1", "--header-timeout-s", "1", "--body-timeout-s", "1", "--keep-alive-s", "1")


@pytest.fixture(scope="package")
def shared_door(tiny_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with start_door(tiny_models, tmp_path_factory.mktemp("door")) as door:
        yield door


@pytest.fixture
def door(shared_door: Door) -> Iterator[Door]:
    """What is done to it in a test must not hurt the next client."""
    yield shared_door
    shared_door.assert_serves()


@pytest.fixture(scope="package")
def shared_held(tiny_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultyServer]:
    with start_faulty(tiny_models, tmp_path_factory.mktemp("held"), *FLAGS) as server:
        yield server


@pytest.fixture
def held(shared_held: FaultyServer) -> Iterator[FaultyServer]:
    """A daemon whose runs can be held."""
    yield shared_held
    until(shared_held.idle)
    assert "Traceback" not in shared_held.log()

"""Daemons that many tests share: one at work on two cores, and one whose single worker is held."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.engine.faults.daemon import FaultyServer, start_faulty


@pytest.fixture(scope="package")
def faulty(tiny_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultyServer]:
    """Two workers."""
    with start_faulty(tiny_models, tmp_path_factory.mktemp("faulty"), "--cores", "2") as server:
        yield server


@pytest.fixture(scope="package")
def one_worker(tiny_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultyServer]:
    """One worker, so that a held run makes everybody else wait."""
    with start_faulty(tiny_models, tmp_path_factory.mktemp("one"), "--cores", "1") as server:
        yield server

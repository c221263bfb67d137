"""Clients of a server that is killed again and again see one order of all operations; where it errs, they do not."""

from pathlib import Path

import pytest

from tests.index.linearizability.faulty import FAULTS
from tests.index.linearizability.runs import Plan, run

pytestmark = pytest.mark.e2e

SECONDS, KILLS, SHORT_SECONDS = 12, 4, 1  # a short run has one kill
TRIES = 10


def test_one_order_explains_all_that_clients_were_told(tiny_models: Path, tmp_path: Path) -> None:
    figures = run(Plan(tiny_models, tmp_path, SECONDS, seed=1, kills=KILLS))
    assert figures.clean, "\n".join([*map(str, figures.faults), *figures.refused])
    assert figures.kills >= KILLS
    assert min(figures.asked.values()) > 50, figures
    assert sum(figures.cut_off.values()) > 0, figures


@pytest.mark.parametrize("fault", FAULTS)
def test_a_server_that_errs_is_found_out(fault: str, tiny_models: Path, tmp_path: Path) -> None:
    assert any(finds(fault, seed, tiny_models, tmp_path) for seed in range(TRIES))


def finds(fault: str, seed: int, models: Path, folder: Path) -> bool:
    module = "tests.index.linearizability.faulty"
    figures = run(Plan(models, folder / str(seed), SHORT_SECONDS, seed, module, ("--fault", fault)))
    assert not figures.refused
    return bool(figures.faults)

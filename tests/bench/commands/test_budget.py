"""The benchmark runs, and a client that behaves is never refused. Its waits are for the benchmark's own figures."""

from pathlib import Path

import msgspec
import pytest

from bench.__main__ import main
from bench.commands.budget import CASES
from bench.figures.budget import BudgetFigures
from tests.tiny import TINY

SHORT = ("--rounds", "1", "--seconds", "0.3", "--documents", "300")
NAMES = {"tokenizer, keys", "filters", "streams", "one address", "unread", "handshakes"}


@pytest.mark.e2e
def test_beside_the_worst_a_client_that_behaves_is_neither_refused_nor_dropped(
    tiny_models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "budget.json"
    only = [word for name in NAMES for word in ("--only", name)]
    assert main(["budget", *SHORT, *only, "--models", str(tiny_models), "--model", TINY, "--json", str(file)]) == 0
    rows = msgspec.json.decode(file.read_bytes(), type=BudgetFigures).rows
    assert list(rows) == [case.name for case in CASES if case.name in NAMES]
    for name, row in rows.items():
        assert (name, row.refused, row.dropped) == (name, {}, 0)
        assert all(wait.requests for wait in row.waits.values()), name
        assert row.told_mb is not None
        assert 0 < row.peak_mb < row.told_mb, name
    assert sum(bool(row.others) for row in rows.values()) > len(rows) / 2
    assert "more than 4 times" in capsys.readouterr().out

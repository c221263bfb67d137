"""How many threads add to a graph: all cores where nobody else wants them, else one."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from index.view import crew
from index.view.crew import Crew, waited_by

NEVER = -1e9


@pytest.fixture
def told(tmp_path: Path) -> Callable[[float], Path]:
    """A file that tells how long the thread has waited for a core."""

    def tell(waited_s: float) -> Path:
        file = tmp_path / "schedstat"
        file.write_text(f"123456789 {int(waited_s * 1e9)} 17\n")
        return file

    return tell


def test_each_core_adds_while_nobody_asks(told: Callable[[float], Path]) -> None:
    hands = Crew(told(0))
    assert [hands.threads(cores, NEVER) for cores in (1, 2, 16)] == [1, 2, 16]


def test_one_adds_beside_searches(told: Callable[[float], Path]) -> None:
    hands = Crew(told(0))
    assert hands.threads(4, time.monotonic()) == 1
    assert hands.threads(4, time.monotonic() - 2 * crew.ALONE_S) == 4


def test_one_adds_for_a_while_after_it_had_to_wait_for_a_core(told: Callable[[float], Path]) -> None:
    hands = Crew(told(0))
    assert hands.threads(4, NEVER) == 4
    told(1_000)
    assert [hands.threads(4, NEVER) for _ in range(3)] == [1, 1, 1]
    time.sleep(1.5 * crew.ALONE_S)
    assert hands.threads(4, NEVER) == 4


def test_where_nobody_tells_no_core_is_waited_for(tmp_path: Path) -> None:
    assert Crew(tmp_path / "none").threads(2, NEVER) == 2
    (tmp_path / "empty").write_bytes(b"")
    assert waited_by(tmp_path / "empty") == 0

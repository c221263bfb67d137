"""How many threads add to a graph: all cores where nobody else wants them, else one."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from index.view import crew
from index.view.crew import Crew, can_start, waited_by
from tests.server.polling import until

NEVER = -1e9


@pytest.fixture
def told(tmp_path: Path) -> Callable[[float], Path]:
    """A file that tells how long the thread has waited for a core."""

    def tell(waited_s: float) -> Path:
        file = tmp_path / "schedstat"
        file.write_text(f"123456789 {int(waited_s * 1e9)} 17\n")
        return file

    return tell


def proven(tells: Path) -> Crew:
    """A crew that has just seen that threads can be started."""
    hands = Crew(tells, lambda _: True)
    assert hands.threads(2, NEVER) == 1
    time.sleep(1.5 * crew.ENDING_S)
    return hands


def test_each_core_adds_while_nobody_asks(told: Callable[[float], Path]) -> None:
    hands = proven(told(0))
    assert [hands.threads(cores, NEVER) for cores in (1, 2, 16, 64)] == [1, 2, 16, crew.MOST_THREADS]


def test_one_adds_beside_searches(told: Callable[[float], Path]) -> None:
    hands = proven(told(0))
    assert hands.threads(4, time.monotonic()) == 1
    assert hands.threads(4, time.monotonic() - 2 * crew.ALONE_S) == 4


def test_one_adds_for_a_while_after_it_had_to_wait_for_a_core(told: Callable[[float], Path]) -> None:
    hands = proven(told(0))
    assert hands.threads(4, NEVER) == 4
    told(1_000)
    assert [hands.threads(4, NEVER) for _ in range(3)] == [1, 1, 1]
    time.sleep(1.5 * crew.ALONE_S)
    assert hands.threads(4, NEVER) == 4


def test_where_nobody_tells_no_core_is_waited_for(tmp_path: Path) -> None:
    assert proven(tmp_path / "none").threads(2, NEVER) == 2
    (tmp_path / "empty").write_bytes(b"")
    assert waited_by(tmp_path / "empty") == 0


def test_one_adds_where_no_more_threads_than_needed_can_be_started(told: Callable[[float], Path]) -> None:
    asked: list[int] = []

    def refuse(count: int) -> bool:
        asked.append(count)
        return False

    hands = Crew(told(0), refuse)
    for _ in range(3):
        assert hands.threads(2, NEVER) == 1
        time.sleep(1.5 * crew.ENDING_S)
    assert asked == [2 + crew.SPARE_THREADS]


def test_what_shows_that_threads_can_be_started_leaves_none() -> None:
    before = count_threads()
    assert can_start(20)
    until(lambda: count_threads() <= before)


def count_threads() -> int:
    return len(list(Path("/proc/self/task").iterdir()))


LIMITED = """
import os, resource
from index.view.crew import can_start
assert can_start(4)
resource.setrlimit(resource.RLIMIT_NPROC, (1, 1))
os.setgid(65534), os.setuid(65534)
assert not can_start(4)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="the limit holds for another user than root, and only root becomes one")
def test_it_is_seen_that_no_thread_can_be_started() -> None:
    subprocess.run([sys.executable, "-c", LIMITED], check=True, timeout=60)

"""What the process may open is asked for, and shared out between connections and the index."""

import resource
import subprocess
import sys

import pytest

from server.connection.descriptors import ENOUGH, FEWEST, connections_left, limit_wanted

RAISE = """
import resource, sys
from server.connection.descriptors import raise_limit
resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[1]), int(sys.argv[2])))
print(raise_limit(int(sys.argv[3])), resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


def raised(soft: int, hard: int, most: int) -> list[int]:
    """Return what is raised in a process with these limits, and what the system says afterwards."""
    if resource.getrlimit(resource.RLIMIT_NOFILE)[1] < hard:
        pytest.skip("this machine's own limit is lower")
    command = [sys.executable, "-c", RAISE, str(soft), str(hard), str(most)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return [int(word) for word in done.stdout.split()]


@pytest.mark.parametrize(("soft", "hard"), [(1024, 1024), (64, 1024), (256, 4096), (1024, 20_000)])
@pytest.mark.parametrize("most", [4096, 1_000_000])
def test_the_soft_limit_is_raised_to_the_hard_one(soft: int, hard: int, most: int) -> None:
    assert raised(soft, hard, most) == [hard, hard]


def test_a_hard_limit_that_is_large_is_not_used_up() -> None:
    for hard in (1_000_000, resource.RLIM_INFINITY):
        assert limit_wanted(hard, 4096) == ENOUGH
        assert limit_wanted(hard, 200_000) == 400_000
    assert limit_wanted(4096, 200_000) == 4096


def test_connections_get_what_the_index_leaves() -> None:
    few, many = connections_left(1024, 1, 128), connections_left(1024, 20, 128)
    assert 600 < few < 700
    assert 0 < many < few
    assert connections_left(1024, 256, 128) == FEWEST
    assert connections_left(1_000_000, 256, 128) > 900_000

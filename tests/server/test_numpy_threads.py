"""In a server numpy has one thread, unless its operator says otherwise: the cores are the model's."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import os, sys
import server.__main__ as entry
from server.contract.errors import ServerError
assert "numpy" not in sys.modules
try:
    entry.main(["--models", sys.argv[1], "--data", ":memory:"])
except ServerError:  # there is no model
    import numpy as np
    square = np.ones((500, 500))
    square @ square.T + square @ square
    print(len(os.listdir("/proc/self/task")) - 1)
"""


@pytest.mark.skipif(sys.platform != "linux" or len(os.sched_getaffinity(0)) == 1, reason="threads are counted in /proc")
@pytest.mark.parametrize(("given", "more"), [({}, 0), ({"OPENBLAS_NUM_THREADS": "2"}, 1)], ids=["usual", "said"])
def test_numpy_has_the_threads_that_the_operator_gives_it_or_none_but_its_caller_s(
    tmp_path: Path, given: dict[str, str], more: int
) -> None:
    environment = {"PATH": "/usr/bin", **given}
    command = [sys.executable, "-c", SCRIPT, str(tmp_path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.splitlines()[-1] == str(more)

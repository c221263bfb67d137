import os
import sys
from pathlib import Path

import numpy as np
import pytest

from bench.errors import BenchError
from bench.graphs.openvino import remote_graph
from bench.machine import one_core
from bench.peers.child import run_child

# Greets with the cores that it may use, doubles a number, and ends where it is asked to.
SCRIPT = """
import json, os, sys
print(json.dumps({"cores": sorted(os.sched_getaffinity(0))}), flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    if asked.get("die"):
        sys.exit("out of memory")
    print(json.dumps({"seconds": 2 * asked["repeats"], "asked": asked}), flush=True)
"""


def python(script: str) -> list[str]:
    return [sys.executable, "-c", script]


def test_a_request_is_answered_by_the_process(tmp_path: Path) -> None:
    with run_child("echo", python(SCRIPT), None, tmp_path) as child:
        assert child.greeting == {"cores": sorted(os.sched_getaffinity(0))}
        assert [child.ask({"repeats": n})["seconds"] for n in (1, 2)] == [2, 4]


def test_a_process_has_the_cores_of_the_thread_that_started_it(tmp_path: Path) -> None:
    with one_core() as core, run_child("echo", python(SCRIPT), None, tmp_path) as child:
        assert child.greeting == {"cores": [core]}


def test_a_remote_graph_asks_for_its_name_its_ids_and_the_repeats(tmp_path: Path) -> None:
    with run_child("echo", python(SCRIPT), None, tmp_path) as child:
        timer = remote_graph(child, "openvino-int8")(np.array([[1, 2]], np.int64))
        assert timer(3) == 6.0
        assert child.ask({"repeats": 1, "graph": "g"})["asked"] == {"repeats": 1, "graph": "g"}


def test_a_process_that_dies_is_told_with_its_last_words(tmp_path: Path) -> None:
    with run_child("echo", python(SCRIPT), None, tmp_path) as child, pytest.raises(BenchError, match="out of memory"):
        child.ask({"die": True})


@pytest.mark.parametrize(
    ("script", "said"),
    [("import sys; sys.exit('no such library')", "echo ended: no such library"), ("print('hello')", "said b'hello")],
)
def test_a_process_that_does_not_greet_is_refused(tmp_path: Path, script: str, said: str) -> None:
    with pytest.raises(BenchError, match=said), run_child("echo", python(script), None, tmp_path):
        pass


def test_a_process_has_ended_when_the_block_has(tmp_path: Path) -> None:
    pid = "import json, os; print(json.dumps({'pid': os.getpid()}), flush=True); input()"
    with run_child("echo", python(pid), None, tmp_path) as child:
        number = child.greeting["pid"]
    with pytest.raises(ProcessLookupError):
        os.kill(number, 0)

import os
from pathlib import Path

import pytest

from bench.errors import BenchError
from bench.machine import one_core
from bench.peers.child import run_child
from tests.bench.echo import SCRIPT, python


def test_a_request_is_answered_by_the_process(tmp_path: Path) -> None:
    with run_child("echo", python(SCRIPT), None, tmp_path) as child:
        assert child.greeting == {"cores": sorted(os.sched_getaffinity(0))}
        assert [child.ask({"repeats": n})["seconds"] for n in (1, 2)] == [2, 4]


def test_a_process_has_the_cores_of_the_thread_that_started_it(tmp_path: Path) -> None:
    with one_core() as core, run_child("echo", python(SCRIPT), None, tmp_path) as child:
        assert child.greeting == {"cores": [core]}


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

from pathlib import Path

import numpy as np

from bench.graphs.openvino import TIMER, name_graphs, remote_graph
from bench.machine import Machine
from bench.peers.child import run_child
from tests.bench.echo import SCRIPT, python


def machine(*flags: str) -> Machine:
    return Machine("Some CPU", "x86_64", 2, flags)


def test_int8_runs_as_the_plugin_chooses_and_fp32_in_float32() -> None:
    graphs = name_graphs(Path("folder"), machine("avx2"))
    assert {name: graph.precision for name, graph in graphs.items()} == {
        "openvino-int8": "default",
        "openvino-fp32": "f32",
    }
    assert graphs["openvino-int8"].file != graphs["openvino-fp32"].file


def test_where_the_plugin_would_run_fp32_in_bfloat16_that_is_timed_too() -> None:
    graphs = name_graphs(Path("folder"), machine("avx512_bf16"))
    assert graphs["openvino-bf16"].precision == "bf16"
    assert graphs["openvino-bf16"].file == graphs["openvino-fp32"].file


def test_the_script_of_the_timer_is_there() -> None:
    assert TIMER.is_file()


def test_a_remote_graph_asks_for_its_name_its_ids_and_the_repeats(tmp_path: Path) -> None:
    with run_child("echo", python(SCRIPT), None, tmp_path) as child:
        timer = remote_graph(child, "openvino-int8")(np.array([[1, 2]], np.int64))
        assert timer(3) == 6.0
        assert child.ask({"repeats": 1, "graph": "g"})["asked"] == {"repeats": 1, "graph": "g"}

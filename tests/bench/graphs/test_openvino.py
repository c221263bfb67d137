from pathlib import Path

from bench.graphs.openvino import TIMER, name_graphs
from bench.machine import Machine


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

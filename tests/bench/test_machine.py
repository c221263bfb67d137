import os
from pathlib import Path

import pytest

from bench.errors import BenchError
from bench.machine import describe_machine, describe_versions, one_core, split_cores

TWO_PROCESSORS = """processor\t: 0
model name\t: Some Processor @ 3.00GHz
flags\t\t: fpu sse avx2 avx512_vnni

processor\t: 1
model name\t: Another
flags\t\t: fpu
"""


def test_the_machine_is_named_with_the_flags_that_decide_its_speed(tmp_path: Path) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(TWO_PROCESSORS)
    machine = describe_machine(cpuinfo)
    assert machine.processor == "Some Processor @ 3.00GHz"
    assert machine.flags == ("avx2", "avx512_vnni")
    assert machine.cores >= 1


def test_a_processor_that_linux_describes_otherwise_is_unknown_and_no_error(tmp_path: Path) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("CPU implementer\t: 0x41\n")
    assert describe_machine(cpuinfo).processor == "unknown"


def test_the_versions_are_those_that_decide_speed_and_bits() -> None:
    assert describe_versions().keys() == {"numpy", "onnxruntime", "python"}


def test_one_core_is_one_core_and_the_others_come_back_even_after_a_failure() -> None:
    before = os.sched_getaffinity(0)

    def fail() -> None:
        with one_core() as core:
            assert os.sched_getaffinity(0) == {core}
            message = "no"
            raise RuntimeError(message)

    with pytest.raises(RuntimeError):
        fail()
    assert os.sched_getaffinity(0) == before


def test_what_is_measured_and_who_measures_it_share_no_core() -> None:
    with one_core(), pytest.raises(BenchError, match="needs two cores"):
        split_cores()
    granted = os.sched_getaffinity(0)
    if len(granted) > 1:
        measured, measuring = split_cores()
        assert len(measured) == 1
        assert measured | measuring == granted
        assert not measured & measuring

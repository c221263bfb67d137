"""What is asked of the processor before a variant is tried."""

import platform
from pathlib import Path

import pytest

from models import lacks_all


@pytest.fixture
def cpuinfo(tmp_path: Path) -> Path:
    path = tmp_path / "cpuinfo"
    path.write_text("processor\t: 0\nflags\t\t: fpu avx2 avx512_vnni\nbugs\t\t: none\n")
    return path


@pytest.mark.skipif(platform.machine() != "x86_64", reason="needs an x86-64 processor")
def test_one_of_several_instruction_sets_is_enough(cpuinfo: Path) -> None:
    assert not lacks_all(("avx512_vnni", "avx_vnni"), cpuinfo)
    assert not lacks_all((), cpuinfo)
    assert lacks_all(("avx_vnni",), cpuinfo)
    assert lacks_all(("avx512",), cpuinfo)


def test_what_the_system_does_not_tell_is_left_to_the_self_check(tmp_path: Path, cpuinfo: Path) -> None:
    assert not lacks_all(("avx_vnni",), tmp_path / "nothing")
    cpuinfo.write_text("processor\t: 0\nCPU architecture: 8\n")
    assert not lacks_all(("avx_vnni",), cpuinfo)

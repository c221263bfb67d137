"""Cores come from the cgroup and the affinity, not from the host."""

import os
import sys
import threading
from pathlib import Path

import pytest

from server.engine.scheduling.cores import NICENESS, granted_cores, yield_to_others

ALL = len(os.sched_getaffinity(0))


def version2(folder: Path, own: str, parent: str = "max 100000") -> tuple[Path, Path]:
    inner = folder / "cgroup" / "pod" / "container"
    inner.mkdir(parents=True)
    (inner / "cpu.max").write_text(own)
    (inner.parent / "cpu.max").write_text(parent)
    membership = folder / "membership"
    membership.write_text("0::/pod/container\n")
    return folder / "cgroup", membership


@pytest.mark.parametrize(
    ("own", "parent", "granted"),
    [
        ("max 100000", "max 100000", ALL),
        ("100000 100000", "max 100000", 1),
        ("150000 100000", "max 100000", 1),
        ("50000 100000", "max 100000", 1),
        ("max 100000", "100000 100000", 1),
        ("6400000 100000", "max 100000", ALL),
    ],
)
def test_a_quota_bounds_the_cores_wherever_it_stands(tmp_path: Path, own: str, parent: str, granted: int) -> None:
    assert granted_cores(*version2(tmp_path, own, parent)) == granted


def test_version_1_quotas_count_too(tmp_path: Path) -> None:
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu" / "cpu.cfs_quota_us").write_text("100000\n")
    (tmp_path / "cpu" / "cpu.cfs_period_us").write_text("100000\n")
    assert granted_cores(tmp_path, tmp_path / "none") == 1
    (tmp_path / "cpu" / "cpu.cfs_quota_us").write_text("-1\n")
    assert granted_cores(tmp_path, tmp_path / "none") == ALL


def test_without_cgroups_the_affinity_decides(tmp_path: Path) -> None:
    assert granted_cores(tmp_path / "none", tmp_path / "none") == ALL


@pytest.mark.skipif(sys.platform != "linux", reason="threads have no priority of their own elsewhere")
def test_a_thread_that_yields_is_nicer_and_the_others_are_as_they_were() -> None:
    found: list[int] = []

    def look() -> None:
        yield_to_others()
        found.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    before = os.getpriority(os.PRIO_PROCESS, 0)
    thread = threading.Thread(target=look)
    thread.start()
    thread.join(20)
    assert found == [NICENESS]
    assert os.getpriority(os.PRIO_PROCESS, 0) == before

"""A process that may open few files: connections never take what the index needs, and it comes back by itself."""

import os
import resource
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.server.connection.hostile.limited import limited, need_descriptors, told
from tests.server.connection.hostile.raw import Raw, get
from tests.server.polling import until

FEW, ENOUGH = 1024, 4096


@pytest.mark.parametrize(("most", "connections"), [(FEW, 600), (ENOUGH, 3600), (20_000, 4096)])
def test_what_the_process_may_open_is_told_and_shared_out(
    tiny_models: Path, tmp_path: Path, most: int, connections: int
) -> None:
    need_descriptors(most)
    with limited(tiny_models, tmp_path, most, "--max-connections", "4096") as running:
        files, most_connections, of_one = told(running)
        assert files == most
        assert connections <= most_connections < most
        assert of_one == most_connections // 4


def test_a_process_that_can_accept_nothing_waits_until_it_can(tiny_models: Path, tmp_path: Path) -> None:
    with limited(tiny_models, tmp_path, FEW) as running, running.client() as client, ExitStack() as stack:
        assert client.get("/health/live").status_code == 200
        address, process = (running.host, running.port), running.process.pid
        used = max(int(one.name) for one in Path(f"/proc/{process}/fd").iterdir())
        resource.prlimit(process, resource.RLIMIT_NOFILE, (used + 1, FEW))
        waiting = [stack.enter_context(Raw(address)) for _ in range(20)]
        for raw in waiting:
            raw.send(get())
        until(lambda: "none can be accepted" in (tmp_path / "log").read_text("utf-8"))
        before_s = _processor_s(process)
        assert not waiting[-1].hears_within(2)
        assert _processor_s(process) - before_s < 1
        assert client.get("/health/live").status_code == 200
        resource.prlimit(process, resource.RLIMIT_NOFILE, (FEW, FEW))
        assert [raw.next_answer().status for raw in waiting] == [200] * 20
    assert (tmp_path / "log").read_text("utf-8").count("none can be accepted") == 1


def _processor_s(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

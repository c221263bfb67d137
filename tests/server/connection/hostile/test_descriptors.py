"""A process that may open few files: connections never take what the index needs, and it comes back by itself."""

import os
import re
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from tests.running import RunningServer, clean_environment, started
from tests.server.connection.hostile.raw import Raw, get
from tests.server.polling import until
from tests.tiny import TINY

CROWD = 5000
FEW, ENOUGH = 1024, 4096
LIMITED = """
import resource, runpy, sys
most = int(sys.argv.pop(1))
resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
runpy.run_module("server", run_name="__main__", alter_sys=True)
"""


@contextmanager
def limited(models: Path, folder: Path, most: int, *flags: str) -> Iterator[RunningServer]:
    """Run a server that may have so many descriptors; `folder` gets its documents and its log."""
    arguments = ["--port", "0", "--models", str(models), "--model", TINY, "--cores", "1", *flags]
    with (folder / "log").open("w", encoding="utf-8") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", LIMITED, str(most), *arguments],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=clean_environment(VECD_DATA=str(folder / "data")),
        )
        with started(process) as running:
            yield running


def told(running: RunningServer) -> list[int]:
    """Return the open files, the connections and those of one address, as the server tells them at its start."""
    line = next(line for line in running.lines if line.startswith("limits"))
    found = re.search(r"([\d,]+) open files; ([\d,]+).* connections, ([\d,]+) from one address", line)
    assert found, line
    return [int(number.replace(",", "")) for number in found.groups()]


def write(client: httpx.Client, number: int) -> None:
    answer = client.post("/index", json={"id": str(number), "text": f"document {number}"})
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(("most", "connections"), [(FEW, 700), (ENOUGH, 3700), (20_000, 4096)])
def test_what_the_process_may_open_is_told_and_shared_out(
    tiny_models: Path, tmp_path: Path, most: int, connections: int
) -> None:
    if resource.getrlimit(resource.RLIMIT_NOFILE)[1] < most:
        pytest.skip("this machine's own limit is lower")
    with limited(tiny_models, tmp_path, most, "--max-connections", "4096") as running:
        files, most_connections, of_one = told(running)
        assert files == most
        assert connections <= most_connections < most
        assert of_one == most_connections // 4


def test_a_million_connections_are_not_believed(tiny_models: Path, tmp_path: Path) -> None:
    with limited(tiny_models, tmp_path, FEW, "--max-connections", "1000000") as running, running.client() as client:
        assert told(running)[1] < FEW
        write(client, 1)


def test_five_thousand_connections_do_not_keep_the_index_from_writing(tiny_models: Path, tmp_path: Path) -> None:
    _need_descriptors(CROWD + 200)
    flags = ("--header-timeout-s", "300", "--keep-alive-s", "300")
    with limited(tiny_models, tmp_path, FEW, *flags) as running, running.client() as client, ExitStack() as stack:
        write(client, 0)
        address = running.host, running.port
        for _ in range(CROWD):
            raw = stack.enter_context(Raw(address))
            raw.send_what_it_takes(b"GET /health HTTP/1.1\r\nx: ")
        for number in range(1, 30):
            write(client, number)
            assert client.post("/search", json={"query": f"document {number}"}).status_code == 200
        assert client.put("/collections/another", json={}).status_code in {200, 201}
        assert client.get("/health/ready").status_code == 200
        stack.close()
        until(lambda: _serves(address))
        assert running.terminate() == 0
    log = (tmp_path / "log").read_text("utf-8")
    assert "Traceback" not in log
    assert "Too many open files" not in log


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


def _need_descriptors(count: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < count:
        pytest.skip("this machine's own limit is lower")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, count), hard))


def _serves(address: tuple[str, int]) -> bool:
    try:
        with Raw(address) as raw:
            raw.send(get())
            return raw.next_answer().status == 200
    except (AssertionError, ConnectionError):
        return False


def _processor_s(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

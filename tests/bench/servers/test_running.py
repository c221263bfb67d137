"""Starting, asking and stopping servers, on one that the test writes."""

import asyncio
import sys
from pathlib import Path

import psutil
import pytest

from bench.errors import BenchError
from bench.servers.running import run_server
from bench.traffic.target import ServerSpec

SERVICE = """
import http.server, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def log_message(self, *_): pass
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        body = b'{"embeddings": [[1.0, 0.0]]}'
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


def spec(code: str) -> ServerSpec:
    return ServerSpec(name="made", command=[sys.executable, "-c", code, "{port}"], dialect="native", model="")


@pytest.mark.e2e
def test_a_server_is_started_found_and_stopped_with_its_children(tmp_path: Path) -> None:
    async def run() -> list[psutil.Process]:
        async with run_server(spec(SERVICE), tmp_path) as server:
            assert server.pid is not None
            assert server.cold_start_s > 0
            parent = psutil.Process(server.pid)
            return [parent, *parent.children(recursive=True)]

    processes = asyncio.run(run())
    assert len(processes) == 2
    psutil.wait_procs(processes, timeout=10)
    assert not any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in processes)


def test_a_server_that_ends_is_told_with_the_last_line_of_its_log(tmp_path: Path) -> None:
    async def run() -> None:
        async with run_server(spec("raise SystemExit('no model here')"), tmp_path):
            pass

    with pytest.raises(BenchError, match="made gave no embedding: no model here"):
        asyncio.run(run())


REFUSING = SERVICE.replace("send_response(200)", "send_response(401)")


def test_a_server_that_asks_for_a_key_is_told_at_once(tmp_path: Path) -> None:
    async def run() -> None:
        async with run_server(spec(REFUSING), tmp_path):
            pass

    with pytest.raises(BenchError, match="made answered 401"):
        asyncio.run(run())

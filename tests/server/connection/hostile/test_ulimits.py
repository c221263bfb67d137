"""Whatever `ulimit -n` is: five thousand connections take nothing from others, and are gone without a trace."""

import re
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.running import RunningServer
from tests.server.connection.hostile.limited import limited, need_descriptors, told
from tests.server.connection.hostile.raw import Raw, get
from tests.server.polling import until

CROWD, ADDRESSES = 5000, 50
MILLION = 1_000_000
PATIENT = ("--header-timeout-s", "300", "--keep-alive-s", "300")
# What the crowd says: nothing, half a head, or a whole request after which it stays.
SAID = (b"", b"GET /health HTTP/1.1\r\nx: ", get())


@pytest.mark.parametrize("handed_in", [4096, MILLION])
@pytest.mark.parametrize("most", [1024, 4096, 20_000])
def test_it_starts_serves_beside_a_crowd_and_comes_back(
    most: int, handed_in: int, tiny_models: Path, tmp_path: Path
) -> None:
    need_descriptors(max(most, CROWD + 200))
    flags = ("--max-connections", str(handed_in), *PATIENT)
    with limited(tiny_models, tmp_path, most, *flags) as running:
        files, connections, _ = told(running)
        assert files == most
        assert 600 < connections <= min(most, handed_in)
        with running.client() as client, ExitStack() as crowd:
            serve(client, 0)
            before = sockets(running)
            gather(crowd, running)
            assert sockets(running) <= before + connections + 128 + 32
            for number in range(1, 20):
                serve(client, number)
            assert client.put("/collections/another", json={}).status_code == 200
            assert newcomer(running) in ({200} if connections > CROWD + 1 else {200, 503, None})
            crowd.close()
            until(lambda: sockets(running) <= before, 60)
        with running.client() as another:
            serve(another, 20)
        assert running.terminate() == 0
    log = (tmp_path / "log").read_text("utf-8")
    assert "Traceback" not in log, log
    assert "Too many open files" not in log, log


def gather(crowd: ExitStack, running: RunningServer) -> None:
    """Open as many connections as the crowd has, from several addresses; some are refused."""
    for number in range(CROWD):
        raw = crowd.enter_context(Raw((running.host, running.port), source=f"127.0.0.{1 + number % ADDRESSES}"))
        raw.send_what_it_takes(SAID[number % len(SAID)])


def serve(client: httpx.Client, number: int) -> None:
    """Have a document written, found and read, and the server say that it is ready."""
    id_ = f"document-{number}"
    assert client.post("/index", json={"id": id_, "text": f"document {number}"}).status_code == 200
    found = client.post("/search", json={"query": f"document {number}", "threshold": -1, "top_k": 1000})
    assert id_ in {hit["id"] for hit in found.json()}
    assert client.get(f"/index/{id_}").status_code == 200
    assert client.get("/health/ready").status_code == 200


def newcomer(running: RunningServer) -> int | None:
    """Return the status that one more connection is answered with, if it is answered; 503 comes with words."""
    try:
        with httpx.Client(base_url=running.url, timeout=60) as client:
            answer = client.get("/health/live")
    except httpx.TransportError:
        return None
    if answer.status_code == 503:
        assert re.search(r"connections are open", answer.json()["detail"]), answer.text
    return answer.status_code


def sockets(running: RunningServer) -> int:
    """Count the open sockets of the server."""
    found = 0
    for one in Path(f"/proc/{running.process.pid}/fd").iterdir():
        try:
            found += str(one.readlink()).startswith("socket:")
        except FileNotFoundError:  # closed meanwhile
            continue
    return found

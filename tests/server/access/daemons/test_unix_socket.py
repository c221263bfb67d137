"""A server on a Unix socket: what it leaves behind, and what it finds there."""

import os
import signal
import socket
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.server.daemon import Daemon, free_port, make_key, refuse_to_start, serving


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "vecd.sock"


@pytest.fixture(scope="module")
def daemon(tiny_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    folder = tmp_path_factory.mktemp("socket")
    flags = ("--uds", str(folder / "s"), "--access-log", "--trusted-proxies", "unix", "--requests-per-minute", "3")
    with serving(tiny_models, folder, *flags) as daemon:
        yield daemon


def test_it_serves_on_the_socket_and_says_where(tiny_models: Path, tmp_path: Path, path: Path) -> None:
    with serving(tiny_models, tmp_path, "--uds", str(path)) as daemon, daemon.client() as client:
        assert daemon.address == f"unix:{path}"
        assert stat.S_ISSOCK(path.stat().st_mode)
        answer = client.post("/embed", json={"texts": ["over a file"]})
        assert answer.status_code == 200
        assert answer.headers["x-request-id"]
        # Pages in a browser cannot open a file, so any name will do.
        assert client.get("/v1/models", headers={"host": "evil.example"}).status_code == 200
        assert client.get("/nowhere").status_code == 404
        client.close()
        assert daemon.terminate() == 0
        assert not path.exists()
        assert daemon.log() == ""


def test_what_a_killed_server_left_is_replaced(tiny_models: Path, tmp_path: Path, path: Path) -> None:
    with serving(tiny_models, tmp_path, "--uds", str(path)) as daemon:
        daemon.process.send_signal(signal.SIGKILL)
        daemon.process.wait(10)
        assert path.exists()
    with serving(tiny_models, tmp_path, "--uds", str(path)) as daemon, daemon.client() as client:
        assert client.get("/health").status_code == 200


def test_a_socket_in_use_is_refused_and_its_server_lives(tiny_models: Path, daemon: Daemon) -> None:
    path = daemon.address.removeprefix("unix:")
    said = refuse_to_start(tiny_models, "--uds", path)
    assert path in said
    assert "--uds" in said
    with daemon.client() as client:
        assert client.get("/health").status_code == 200


@pytest.mark.parametrize("kind", ["a file", "a folder", "no folder", "too long", "a dangling link"])
def test_what_is_there_and_no_socket_is_refused_and_left_alone(tiny_models: Path, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "it"
    match kind:
        case "a file":
            path.write_text("precious")
        case "a folder":
            path.mkdir()
        case "no folder":
            path = path / "further"
        case "too long":
            path = tmp_path / ("x" * 200)
        case "a dangling link":
            path.symlink_to(tmp_path / "nowhere")
    before = sorted(tmp_path.iterdir())
    said = refuse_to_start(tiny_models, "--uds", str(path))
    assert "--uds" in said
    assert sorted(tmp_path.iterdir()) == before
    assert kind != "a file" or path.read_text() == "precious"


def test_a_socket_that_another_server_has_put_there_is_not_taken_away(
    tiny_models: Path, tmp_path: Path, path: Path
) -> None:
    """As in a deployment that starts the next server beside the last and renames its socket into place."""
    with serving(tiny_models, tmp_path, "--uds", str(path)) as daemon, socket.socket(socket.AF_UNIX) as other:
        other.bind(str(tmp_path / "next"))
        (tmp_path / "next").rename(path)
        assert daemon.terminate() == 0
        assert path.exists()


def test_requests_are_logged_without_an_address(daemon: Daemon) -> None:
    with daemon.client() as client:
        client.get("/health", headers={"x-request-id": "without-address"})
    end_s = time.monotonic() + 10
    while "without-address" not in daemon.log() and time.monotonic() < end_s:  # it is logged after it is answered
        time.sleep(0.01)
    (line,) = [line for line in daemon.log().splitlines() if "without-address" in line]
    assert "/health" in line
    assert "200" in line


def test_a_proxy_in_front_may_say_for_whom_it_asks(daemon: Daemon) -> None:
    with daemon.client() as client:

        def ask(forwarded: str) -> int:
            return client.get("/v1/models", headers={"x-forwarded-for": forwarded}).status_code

        assert [ask("192.0.2.1") for _ in range(4)] == [200, 200, 200, 429]
        assert ask("192.0.2.2") == 200
        assert ask("192.0.2.2, 192.0.2.1") == 429


def test_without_a_trusted_proxy_all_share_one_account(tiny_models: Path, tmp_path: Path, path: Path) -> None:
    flags = ("--uds", str(path), "--requests-per-minute", "2")
    with serving(tiny_models, tmp_path, *flags) as daemon, daemon.client() as client:
        found = [client.get("/v1/models", headers={"x-forwarded-for": f"192.0.2.{n}"}).status_code for n in range(3)]
    assert found == [200, 200, 429]


def test_keys_count_there_too(tiny_models: Path, tmp_path: Path, path: Path) -> None:
    file = tmp_path / "keys.json"
    key = make_key(file)
    with serving(tiny_models, tmp_path, "--uds", str(path), VECD_KEYS=str(file)) as daemon:
        for shown, status in (("", 401), (key, 200)):
            with daemon.client(shown) as client:
                assert client.get("/v1/models").status_code == status


def test_the_umask_decides_who_may_connect(tiny_models: Path, tmp_path: Path, path: Path) -> None:
    before = os.umask(0o177)
    try:
        with serving(tiny_models, tmp_path, "--uds", str(path)):
            assert path.stat().st_mode & 0o777 == 0o600
    finally:
        os.umask(before)


def test_metrics_have_a_port_beside_a_socket(tiny_models: Path, tmp_path: Path, path: Path) -> None:
    port = free_port()
    with serving(tiny_models, tmp_path, "--uds", str(path), "--metrics-port", str(port)) as daemon:
        assert httpx.get(f"http://127.0.0.1:{port}/metrics").status_code == 200
        assert httpx.post(f"http://127.0.0.1:{port}/embed", json={"texts": []}).status_code == 404
        with daemon.client() as client:
            assert client.post("/embed", json={"texts": []}).status_code == 200

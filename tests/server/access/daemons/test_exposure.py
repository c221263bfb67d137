"""Where a server may listen without keys, and which names it answers to there."""

import re
import socket
from pathlib import Path

import httpx
import pytest

from tests.server.daemon import Daemon, make_key, refuse_to_start, serving


def has_ipv6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
EXPOSED = ["0.0.0.0", pytest.param("::", marks=needs_ipv6)]
OWN = ["127.0.0.1", "127.8.8.8", "localhost", pytest.param("::1", marks=needs_ipv6)]


@pytest.mark.parametrize("host", EXPOSED)
def test_without_keys_others_are_not_served_and_the_message_names_both_ways_out(tiny_models: Path, host: str) -> None:
    said = refuse_to_start(tiny_models, "--host", host)
    assert host in said
    assert "keys add" in said
    assert "--insecure" in said


@pytest.mark.parametrize("host", OWN)
def test_this_machine_is_served_without_keys(tiny_models: Path, tmp_path: Path, host: str) -> None:
    with serving(tiny_models, tmp_path, "--host", host) as daemon, daemon.client() as client:
        assert client.post("/embed", json={"texts": ["a"]}).status_code == 200


def test_insecure_serves_others_without_keys_under_any_name(tiny_models: Path, tmp_path: Path) -> None:
    with serving(tiny_models, tmp_path, "--host", "0.0.0.0", "--insecure") as daemon:
        for headers in ({}, {"host": "evil.example"}):
            answer = httpx.get(f"http://127.0.0.1:{daemon.port}/v1/models", headers=headers)
            assert answer.status_code == 200


def test_with_keys_others_are_served_under_any_name(tiny_models: Path, tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    key = make_key(file)
    with serving(tiny_models, tmp_path, "--host", "0.0.0.0", VECD_KEYS=str(file)) as daemon, daemon.client() as client:
        assert client.get("/v1/models", headers={"host": "vecd.example"}).status_code == 401
        headers = {"host": "vecd.example", "authorization": f"Bearer {key}"}
        assert client.get("/v1/models", headers=headers).status_code == 200


def test_a_damaged_file_of_keys_stops_the_start_by_its_name(tiny_models: Path, tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    file.write_text("{")
    for host in ("127.0.0.1", "0.0.0.0"):
        assert str(file) in refuse_to_start(tiny_models, "--host", host, VECD_KEYS=str(file))


@pytest.mark.parametrize("host", ["", "no such host", "256.256.256.256", "x" * 300])
def test_an_address_that_there_is_not_stops_the_start(tiny_models: Path, host: str) -> None:
    assert "--host" in refuse_to_start(tiny_models, "--host", host)


FOREIGN = ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "localhost.evil.example", "evillocalhost", ""]
OURS = ["localhost", "LOCALHOST:1", "127.0.0.1", "[::1]:80", "10.1.2.3:80", "vecd.localhost"]
TOLD = ["/v1/models", "/stats", "/metrics", "/tei/info", "/api/tags", "/api/version"]


@pytest.mark.parametrize("host", FOREIGN)
def test_a_page_that_has_its_own_name_lead_here_is_refused(client: httpx.Client, host: str) -> None:
    for path in TOLD:
        assert client.get(path, headers={"host": host}).status_code == 403
    for path, body in (("/embed", {"texts": []}), ("/api/embed", {"model": "tiny", "input": []})):
        answer = client.post(path, json=body, headers={"host": host})
        assert answer.status_code == 403
        assert "allowed_hosts" in answer.text


@pytest.mark.parametrize("host", OURS)
def test_this_machine_s_names_are_served(client: httpx.Client, host: str) -> None:
    for path in TOLD:
        assert client.get(path, headers={"host": host}).status_code == 200


def test_health_answers_to_any_name(client: httpx.Client) -> None:
    for path in ("/health", "/health/live", "/health/ready", "/tei/health"):
        assert client.get(path, headers={"host": "evil.example"}).status_code == 200


def test_names_of_the_settings_are_served_and_no_other(tiny_models: Path, tmp_path: Path) -> None:
    with (
        serving(tiny_models, tmp_path, "--allowed-hosts", "vecd.example, Other.Example") as daemon,
        daemon.client() as client,
    ):
        for host in ("vecd.example", "VECD.example:8000", "other.example.", "localhost"):
            assert client.get("/v1/models", headers={"host": host}).status_code == 200
        for host in ("evil.example", "x.vecd.example", "vecd.example.evil"):
            assert client.get("/v1/models", headers={"host": host}).status_code == 403


@pytest.mark.parametrize("pair", [(b"localhost", b"evil.example"), (b"evil.example", b"localhost")])
def test_two_host_headers_do_not_let_a_foreign_one_in(plain: Daemon, pair: tuple[bytes, bytes]) -> None:
    assert ask_raw(plain, b"host: %s\r\nhost: %s\r\n" % pair) in {400, 403}


def test_no_host_header_at_all_is_refused(plain: Daemon) -> None:
    """RFC 9112, section 3.2: 400 for HTTP/1.1."""
    assert ask_raw(plain, b"") == 400


def ask_raw(daemon: Daemon, headers: bytes) -> int:
    with socket.create_connection(("127.0.0.1", daemon.port), 10) as wire:
        wire.sendall(b"GET /v1/models HTTP/1.1\r\n" + headers + b"connection: close\r\n\r\n")
        answer = b"".join(iter(lambda: wire.recv(65536), b""))
    found = re.match(rb"HTTP/1\.1 (\d{3}) ", answer)
    assert found, answer
    return int(found[1])

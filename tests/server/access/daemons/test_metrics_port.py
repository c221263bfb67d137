"""The second port: /metrics and /health without a key, and nothing else."""

from pathlib import Path

import httpx
import pytest

from tests.server.conftest import Keyed
from tests.server.daemon import free_port, refuse_to_start

ELSEWHERE = [
    ("POST", "/embed"),
    ("GET", "/embed"),
    ("GET", "/stats"),
    ("GET", "/v1/models"),
    ("GET", "/tei/health"),
    ("GET", "/tei/metrics"),
    ("GET", "/tei/info"),
    ("GET", "/api/version"),
    ("POST", "/api/embed"),
    ("POST", "/v2/embed"),
    ("GET", "/"),
    ("GET", "/docs"),
    ("GET", "/openapi.json"),
    ("GET", "/health/"),
    ("GET", "/healthy"),
    ("GET", "/metrics/x"),
    ("GET", "/nowhere"),
]


@pytest.mark.parametrize("path", ["/metrics", "/health", "/health/live", "/health/ready"])
def test_metrics_and_health_are_there_without_a_key(keyed: Keyed, path: str) -> None:
    assert httpx.get(f"http://127.0.0.1:{keyed.metrics_port}{path}").status_code == 200


@pytest.mark.parametrize(("method", "path"), ELSEWHERE)
@pytest.mark.parametrize("scope", ["", "admin"])
def test_nothing_else_is_whatever_the_key(keyed: Keyed, method: str, path: str, scope: str) -> None:
    headers = {"authorization": f"Bearer {keyed.keys[scope]}"} if scope else {}
    answer = httpx.request(method, f"http://127.0.0.1:{keyed.metrics_port}{path}", headers=headers)
    assert answer.status_code in {404, 405}


def test_on_the_main_port_metrics_need_the_admin_s_key_still(keyed: Keyed) -> None:
    for scope, status in (("", 401), ("embed", 403), ("admin", 200)):
        with keyed.client(scope) as client:
            assert client.get("/metrics").status_code == status
            assert client.get("/tei/metrics").status_code == status


@pytest.mark.parametrize("host", ["localhost:{port}", "127.0.0.1:{main}", "evil.example"])
def test_a_host_header_does_not_turn_one_port_into_the_other(keyed: Keyed, host: str) -> None:
    header = host.format(port=keyed.metrics_port, main=keyed.daemon.port)
    with keyed.client() as client:
        assert client.get("/metrics", headers={"host": header}).status_code == 401
    url = f"http://127.0.0.1:{keyed.metrics_port}/v1/models"
    assert httpx.get(url, headers={"host": header}).status_code == 404


def test_what_is_counted_on_both_ports_is_one_count(keyed: Keyed) -> None:
    with keyed.client("embed") as client:
        client.post("/embed", json={"texts": ["counted"]})
    shown = httpx.get(f"http://127.0.0.1:{keyed.metrics_port}/metrics").text
    assert 'route="/embed"' in shown


def test_a_port_in_use_stops_the_start_by_its_name(tiny_models: Path, keyed: Keyed) -> None:
    assert "--metrics-port" in refuse_to_start(tiny_models, "--metrics-port", str(keyed.metrics_port))


def test_the_same_port_twice_stops_the_start(tiny_models: Path) -> None:
    port = str(free_port())
    assert "--metrics-port" in refuse_to_start(tiny_models, "--port", port, "--metrics-port", port)


def test_one_number_for_both_ports_is_refused(tiny_models: Path) -> None:
    port = str(free_port())
    flags = ("--host", "127.0.0.2", "--port", port, "--metrics-host", "127.0.0.1", "--metrics-port", port)
    assert "--metrics-port" in refuse_to_start(tiny_models, *flags)

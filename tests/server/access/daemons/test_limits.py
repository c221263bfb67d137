"""Shares over real sockets: whose they are, what each dialect says when they are used up, and what costs nothing."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.server.access.test_rates import members
from tests.server.daemon import make_key, refuse_to_start, serving

REQUESTS = 4


class Proxied:
    """A server that trusts its proxies, asked as one of them."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client

    def ask(self, *forwarded: str) -> int:
        headers = [("x-forwarded-for", one) for one in forwarded]
        return self.client.get("/v1/models", headers=headers).status_code


@pytest.fixture(scope="module")
def by_requests(tiny_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxied]:
    """So few requests a minute that every test takes addresses of its own."""
    flags = ("--requests-per-minute", str(REQUESTS), "--trusted-proxies", "127.0.0.1, 10.0.0.0/8, 2001:db8:ffff::/48")
    with serving(tiny_models, tmp_path_factory.mktemp("requests"), *flags) as daemon, daemon.client() as client:
        yield Proxied(client)


def shown(answer: httpx.Response) -> dict[str, dict[str, int]]:
    return dict(members(answer.headers["ratelimit"].encode()))


def use_up(proxied: Proxied, *forwarded: str) -> None:
    assert [proxied.ask(*forwarded) for _ in range(REQUESTS + 1)] == [200] * REQUESTS + [429]


def test_without_limits_nothing_is_said_of_them(client: httpx.Client) -> None:
    answer = client.post("/embed", json={"texts": ["a"]})
    assert not [name for name in answer.headers if "ratelimit" in name or name == "retry-after"]


def test_an_answer_says_what_is_left_and_a_refusal_when_to_come_back(by_requests: Proxied) -> None:
    headers = {"x-forwarded-for": "192.0.2.1"}
    seen = []
    for _ in range(REQUESTS):
        answer = by_requests.client.get("/v1/models", headers=headers)
        assert answer.headers["ratelimit-policy"] == f'"requests";q={REQUESTS};w=60'
        seen.append(shown(answer)["requests"]["r"])
    assert seen == [3, 2, 1, 0]
    refused = by_requests.client.get("/v1/models", headers=headers)
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["retry-after"]) <= 15
    assert shown(refused)["requests"]["r"] == 0


def test_waiting_as_long_as_told_suffices(tiny_models: Path, tmp_path: Path) -> None:
    with serving(tiny_models, tmp_path, "--requests-per-minute", "60") as daemon, daemon.client() as client:
        while (answer := client.get("/v1/models")).status_code == 200:
            pass
        for _ in range(2):
            assert answer.status_code == 429
            time.sleep(int(answer.headers["retry-after"]))
            assert client.get("/v1/models").status_code == 200
            answer = client.get("/v1/models")


REFUSED: list[tuple[str, str, Any]] = [
    ("POST", "/embed", {"texts": ["a"]}),
    ("POST", "/embed/batch", {"texts": ["a"]}),
    ("POST", "/similarity", {"a": ["a"]}),
    ("POST", "/v1/embeddings", {"model": "tiny", "input": "a"}),
    ("POST", "/tei", {"inputs": "a"}),
    ("POST", "/tei/embed_all", {"inputs": "a"}),
    ("POST", "/tei/tokenize", {"inputs": "a"}),
    ("POST", "/v2/embed", {"model": "tiny", "input_type": "search_query", "texts": ["a"]}),
    ("POST", "/api/embed", {"model": "tiny", "input": "a"}),
    ("POST", "/api/embeddings", {"model": "tiny", "prompt": "a"}),
    ("GET", "/stats", None),
]


def test_each_dialect_refuses_in_its_own_words(by_requests: Proxied) -> None:
    use_up(by_requests, "192.0.2.2")
    for method, path, body in REFUSED:
        headers = {"x-forwarded-for": "192.0.2.2"}
        answer = by_requests.client.request(method, path, json=body, headers=headers)
        assert answer.status_code == 429, path
        assert int(answer.headers["retry-after"]) >= 1
        check_shape(path, answer)


def check_shape(path: str, answer: httpx.Response) -> None:
    document = answer.json()
    match path.split("/")[1]:
        case "v1":
            error = document["error"]
            assert (error["type"], error["code"], error["param"]) == ("requests", "rate_limit_exceeded", None)
        case "tei":
            assert document["error_type"] == "Overloaded"
            assert "requests_per_minute" in document["error"]
        case "v2":
            assert list(document) == ["message"]
        case "api":
            assert list(document) == ["error"]
        case _:
            assert answer.headers["content-type"] == "application/problem+json"
            assert document["status"] == 429


def test_health_is_never_limited(by_requests: Proxied) -> None:
    use_up(by_requests, "192.0.2.3")
    for path in ("/health", "/health/live", "/health/ready", "/tei/health"):
        answer = by_requests.client.get(path, headers={"x-forwarded-for": "192.0.2.3"})
        assert answer.status_code == 200
        assert "ratelimit" not in answer.headers


def test_each_address_has_its_own_share(by_requests: Proxied) -> None:
    use_up(by_requests, "192.0.2.4")
    assert by_requests.ask("192.0.2.5") == 200


def test_an_ipv6_network_is_one_client(by_requests: Proxied) -> None:
    assert [by_requests.ask(f"2001:db8:1:1::{number}") for number in range(5)] == [200] * 4 + [429]
    assert by_requests.ask("2001:db8:1:2::1") == 200


def test_the_client_is_the_rightmost_hop_that_is_no_proxy(by_requests: Proxied) -> None:
    use_up(by_requests, "198.51.100.1, 192.0.2.6, 10.1.1.1, 2001:db8:ffff::1")
    assert by_requests.ask("192.0.2.6") == 429
    assert by_requests.ask("198.51.100.1") == 200


def test_what_a_client_writes_before_its_address_changes_nothing(by_requests: Proxied) -> None:
    use_up(by_requests, "192.0.2.7")
    for spoofed in ("198.51.100.9", "10.0.0.1", "127.0.0.1", "", "unknown", "x" * 1000, "192.0.2.7"):
        assert by_requests.ask(f"{spoofed}, 192.0.2.7") == 429
        assert by_requests.ask(spoofed, "192.0.2.7") == 429
        assert by_requests.ask(f"{spoofed},192.0.2.7:4711, 10.0.0.1") == 429


def test_several_headers_are_one_list(by_requests: Proxied) -> None:
    use_up(by_requests, "198.51.100.2", "192.0.2.8", "10.0.0.1")
    assert by_requests.ask("192.0.2.8") == 429


def test_without_trusted_proxies_nobody_is_believed(tiny_models: Path, tmp_path: Path) -> None:
    with serving(tiny_models, tmp_path, "--requests-per-minute", str(REQUESTS)) as daemon, daemon.client() as client:
        proxied = Proxied(client)
        assert [proxied.ask(f"192.0.2.{number}") for number in range(6)] == [200] * REQUESTS + [429] * 2


def test_only_the_trusted_are_believed(tiny_models: Path, tmp_path: Path) -> None:
    flags = ("--requests-per-minute", str(REQUESTS), "--trusted-proxies", "127.0.0.2")
    with serving(tiny_models, tmp_path, *flags) as daemon:
        for source, last in (("127.0.0.1", 429), ("127.0.0.2", 200)):
            transport = httpx.HTTPTransport(local_address=source)
            with httpx.Client(transport=transport, base_url=daemon.address) as client:
                asked = [
                    client.get("/v1/models", headers={"x-forwarded-for": f"192.0.2.{number}"}).status_code
                    for number in range(REQUESTS + 1)
                ]
            assert asked == [200] * REQUESTS + [last]


@pytest.mark.parametrize("proxies", ["nonsense", "10.0.0.0/33", "10.0.0.1/8", "127.0.0.1, *", "*", "::1/200"])
def test_proxies_that_cannot_be_meant_stop_the_start(tiny_models: Path, proxies: str) -> None:
    assert "--trusted-proxies" in refuse_to_start(tiny_models, "--trusted-proxies", proxies)


def test_wrong_keys_fall_on_the_address_and_right_ones_on_themselves(tiny_models: Path, tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    one, two = make_key(file), make_key(file)
    flags = ("--requests-per-minute", str(REQUESTS))
    with serving(tiny_models, tmp_path, *flags, VECD_KEYS=str(file)) as daemon, daemon.client() as client:

        def ask(token: str) -> int:
            return client.get("/v1/models", headers={"authorization": f"Bearer {token}"}).status_code

        wrong = f"vecd_{one.split('_')[1]}_{'0' * 64}"
        assert [ask(wrong) for _ in range(REQUESTS + 1)] == [401] * REQUESTS + [429]
        assert [ask(one) for _ in range(REQUESTS + 1)] == [200] * REQUESTS + [429]
        assert ask(two) == 200
        assert ask("other nonsense") == 429

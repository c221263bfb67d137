"""The model's tokens as a share: counted by what a request has, whatever the dialect, cached or not."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.server.access.test_rates import members
from tests.server.daemon import Daemon, serving
from tests.tiny import MAX_TOKENS

TOKENS = 6_000
# Six tokens: a letter each, and the two special ones.
FOUR = "abcd"


@pytest.fixture(scope="module")
def by_tokens(tiny_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    flags = ("--tokens-per-minute", str(TOKENS), "--trusted-proxies", "127.0.0.1")
    with serving(tiny_models, tmp_path_factory.mktemp("tokens"), *flags) as daemon:
        yield daemon


def left(answer: httpx.Response) -> int:
    return dict(members(answer.headers["ratelimit"].encode()))["tokens"]["r"]


def tokens_used(client: httpx.Client, path: str, body: Any, address: str) -> int:
    """Ask, and return by how much the share of an address shrank; time gives some of it back meanwhile."""
    answer = client.post(path, json=body, headers={"x-forwarded-for": address})
    assert answer.status_code == 200, answer.text
    return TOKENS - left(answer)


SPENT: list[tuple[str, str, Any, int]] = [
    ("one text", "/embed", {"texts": [FOUR]}, 6),
    ("not what characters suggest", "/embed", {"texts": ["漢" * 2, "a" * 120]}, 4 + 3),
    ("each text", "/embed", {"texts": [FOUR] * 10}, 60),
    ("no text", "/embed", {"texts": []}, 0),
    ("for throughput", "/embed/batch", {"texts": [FOUR] * 3}, 18),
    ("a long text as far as it is computed, and for being read", "/embed", {"texts": ["a " * 5_000]}, MAX_TOKENS + 2),
    ("both sides", "/similarity", {"a": [FOUR], "b": [FOUR, FOUR]}, 18),
    ("OpenAI", "/v1/embeddings", {"model": "tiny", "input": [FOUR, FOUR]}, 12),
    ("text-embeddings-inference", "/tei/embed", {"inputs": FOUR}, 6),
    ("the rows of every token", "/tei/embed_all", {"inputs": [FOUR]}, 6),
    ("Cohere", "/v2/embed", {"model": "tiny", "input_type": "classification", "texts": [FOUR]}, 6),
    ("Ollama", "/api/embed", {"model": "tiny", "input": FOUR}, 6),
    ("older Ollama", "/api/embeddings", {"model": "tiny", "prompt": FOUR}, 6),
    ("the prompt too", "/embed", {"texts": [FOUR], "prompt": "query"}, 13),
]


@pytest.mark.parametrize("case", SPENT, ids=lambda case: case[0])
def test_the_model_s_own_tokens_are_counted_computed_or_cached(
    by_tokens: Daemon, case: tuple[str, str, Any, int]
) -> None:
    _, path, body, expected = case
    number = SPENT.index(case)
    with by_tokens.client() as client:
        for turn in range(2):  # the second time from the cache
            assert tokens_used(client, path, body, f"192.0.2.{2 * number + turn}") == expected


FAILING: list[tuple[str, Any]] = [
    ("/embed", {"texts": ["a" * 40], "dimensions": 65}),
    ("/embed", {"texts": ["a" * 40], "prompt": "none of this model's"}),
    ("/embed?truncate=false", {"texts": ["a " * 500]}),
    ("/embed", {"texts": ["a " * 600_000]}),
    ("/v1/embeddings", {"model": "another", "input": "a" * 40}),
    ("/tei/embed", {"inputs": ["a " * 500], "truncate": False}),
]


def test_what_fails_costs_no_tokens(by_tokens: Daemon) -> None:
    headers = {"x-forwarded-for": "198.51.100.7"}
    with by_tokens.client() as client:
        for path, body in FAILING:
            answer = client.post(path, json=body, headers=headers)
            assert answer.status_code in {400, 404, 422}
            assert left(answer) == TOKENS
        assert tokens_used(client, "/embed", {"texts": [FOUR]}, "198.51.100.7") == 6


def test_what_is_refused_costs_no_tokens(by_tokens: Daemon) -> None:
    headers = {"x-forwarded-for": "198.51.100.8"}
    body = {"texts": ["a " * 500] * 120}  # 5,760 tokens
    with by_tokens.client() as client:
        first = client.post("/embed", json=body, headers=headers)
        assert first.status_code == 200
        answers = [client.post("/embed", json=body, headers=headers) for _ in range(5)]
    assert {answer.status_code for answer in answers} == {429}
    assert left(answers[-1]) >= left(first)


def test_a_request_larger_than_the_share_passes_when_that_is_whole(by_tokens: Daemon) -> None:
    headers = {"x-forwarded-for": "198.51.100.9"}
    with by_tokens.client() as client:
        answer = client.post("/embed", json={"texts": ["a " * 500] * 200}, headers=headers)  # 9,600 tokens
        assert answer.status_code == 200
        assert left(answer) == 0
        refused = client.post("/embed", json={"texts": ["a"]}, headers=headers)
    assert refused.status_code == 429
    assert 30 <= int(refused.headers["retry-after"]) <= 40


def test_who_leaves_or_breaks_off_is_not_charged_for_ever(by_tokens: Daemon) -> None:
    with socket.create_connection(("127.0.0.1", by_tokens.port), 10) as wire:
        wire.sendall(
            b"POST /embed HTTP/1.1\r\nhost: localhost\r\nx-forwarded-for: 198.51.100.10\r\n"
            b"content-type: application/json\r\ncontent-length: 5000\r\n\r\n{"
        )
    with by_tokens.client() as client:
        assert tokens_used(client, "/embed", {"texts": [FOUR]}, "198.51.100.10") == 6

"""What one key has asked is nothing to another: no count, header or counter tells it, whichever route was asked."""

import itertools
from typing import Any

import httpx
import pytest

from tests.server.conftest import Keyed
from tests.server.daemon import Daemon, make_key

NUMBERS = itertools.count()
# Every way to have a text embedded through the cache: the scope, the path, and the body of a text.
ASKING: dict[str, tuple[str, str, Any]] = {
    "search": ("search", "/search", lambda text: {"query": text}),
    "hybrid": ("search", "/search", lambda text: {"query": text, "mode": "hybrid"}),
    "searches": ("search", "/search/batch", lambda text: {"searches": [{"query": text}]}),
    "embed": ("embed", "/embed", lambda text: {"texts": [text]}),
    "similarity": ("embed", "/similarity", lambda text: {"a": [text]}),
    "openai": ("embed", "/v1/embeddings", lambda text: {"model": "tiny", "input": text}),
    "tei": ("embed", "/tei/embed", lambda text: {"inputs": text}),
    "cohere": (
        "embed",
        "/v2/embed",
        lambda text: {"model": "tiny", "input_type": "search_query", "texts": [text], "embedding_types": ["float"]},
    ),
    "ollama": ("embed", "/api/embed", lambda text: {"model": "tiny", "input": text}),
}


def inference_ms(answer: httpx.Response) -> float:
    parts = dict(part.split(";dur=") for part in answer.headers["server-timing"].split(", "))
    return float(parts["inference"])


@pytest.mark.parametrize("way", ASKING)
def test_a_text_that_another_key_has_asked_is_new(keyed: Keyed, way: str) -> None:
    scope, path, body = ASKING[way]
    text = f"a secret question {next(NUMBERS)}"
    with keyed.daemon.client(make_key(keyed.file, scope)) as other, keyed.client("embed") as client:
        keyed.daemon.reload()
        for _ in range(2):
            assert other.post(path, json=body(text)).status_code == 200
        with httpx.Client(base_url=f"http://127.0.0.1:{keyed.metrics_port}") as metrics:
            before = counters(metrics)
            answer = client.post("/embed", json={"texts": [text]})
            after = counters(metrics)
        assert answer.json()["cached_count"] == 0
        assert inference_ms(answer) > 0
        assert [new - old for old, new in zip(before, after, strict=True)] == [0, 1, 1]
        again = client.post("/embed", json={"texts": [text]})
        assert (again.json()["cached_count"], inference_ms(again)) == (1, 0)


def counters(metrics: httpx.Client) -> list[float]:
    """Return hits, misses and entries of the cache."""
    names = ("vecd_cache_hits_total", "vecd_cache_misses_total", "vecd_cache_entries")
    lines = dict(line.rsplit(" ", 1) for line in metrics.get("/metrics").text.splitlines() if line[:1] != "#")
    return [float(lines[name]) for name in names]


def test_without_keys_all_share_the_cache(plain: Daemon) -> None:
    with plain.client() as client:
        for count in (0, 1):
            answer = client.post("/embed", json={"texts": ["shared by all"]})
            assert answer.json()["cached_count"] == count

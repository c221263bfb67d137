"""The dialect of text-embeddings-inference, route by route."""

from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from tests.server.daemon import serving
from tests.server.texts import HEAD, LONG, TAIL, TEXTS, native, ok, rows, same
from tests.tiny import HIDDEN, MAX_TOKENS

TIMES = ("x-compute-time", "x-total-time", "x-tokenization-time", "x-queue-time", "x-inference-time")
EMBEDDING = ["/tei", "/tei/", "/tei/embed"]
AT_THE_ROOT = ["/tei", "/tei/", "/tei/similarity"]


def refused(answer: httpx.Response, status: int, kind: str) -> str:
    assert answer.status_code == status, answer.text
    document = answer.json()
    assert set(document) == {"error", "error_type"}
    assert document["error_type"] == kind
    return str(document["error"])


def embed(client: httpx.Client, inputs: Any, path: str = "/tei/embed", **options: Any) -> httpx.Response:
    return client.post(path, json={"inputs": inputs, **options})


@pytest.mark.parametrize("path", EMBEDDING)
def test_embeddings_are_the_native_ones_nested_even_for_one_text(client: httpx.Client, path: str) -> None:
    assert same(rows(ok(embed(client, TEXTS, path))), native(client, *TEXTS))
    assert same(rows(ok(embed(client, "a", path))), native(client, "a"))


def test_dimensions_prompt_and_normalize_are_the_native_ones(client: httpx.Client) -> None:
    assert same(rows(ok(embed(client, TEXTS, dimensions=7))), native(client, *TEXTS, dimensions=7))
    assert same(rows(ok(embed(client, TEXTS, prompt_name="query"))), native(client, *TEXTS, prompt="query"))
    assert same(rows(ok(embed(client, TEXTS, normalize=False))), native(client, *TEXTS, normalize=False))
    raw = rows(ok(embed(client, TEXTS, normalize=False, dimensions=7)))
    assert same(raw, native(client, *TEXTS, normalize=False)[:, :7])


def test_null_is_as_if_left_out(client: httpx.Client) -> None:
    names = ("truncate", "truncation_direction", "normalize", "prompt_name", "dimensions")
    answer = client.post("/tei/embed", json={"inputs": "a"} | dict.fromkeys(names))
    assert same(rows(ok(answer)), native(client, "a"))


def test_the_answer_s_headers_are_the_original_s(client: httpx.Client) -> None:
    headers = embed(client, ["ab", "😀"]).headers
    assert headers["x-compute-type"] == "cpu"
    assert headers["x-compute-characters"] == "3"
    assert headers["x-compute-tokens"] == "7"
    assert all(headers[name].isdigit() for name in TIMES)


@pytest.mark.parametrize(("direction", "kept"), [("Right", HEAD), ("right", HEAD), ("Left", TAIL), ("left", TAIL)])
@pytest.mark.parametrize("path", EMBEDDING)
def test_a_long_text_is_cut_at_the_end_that_is_asked_for(
    client: httpx.Client, path: str, direction: str, kept: str
) -> None:
    for turn in range(2):  # computed, and from the cache
        answer = embed(client, [LONG, "a"], path, truncation_direction=direction)
        assert same(rows(ok(answer))[:1], native(client, kept)), turn
        assert answer.headers["x-truncated-inputs"] == "1"


def test_a_long_text_is_refused_where_it_may_not_be_cut(client: httpx.Client) -> None:
    for path in EMBEDDING:
        assert "text 1" in refused(embed(client, ["a", LONG], path, truncate=False), 422, "Validation")
        assert embed(client, ["a"], path, truncate=False).status_code == 200
        assert embed(client, LONG, path, truncate=True).status_code == 200


@pytest.mark.e2e
def test_without_auto_truncate_long_texts_are_refused_unless_asked(tiny_models: Path, tmp_path: Path) -> None:
    with serving(tiny_models, tmp_path, "--auto-truncate", "false") as daemon, daemon.client() as client:
        refused(embed(client, LONG), 422, "Validation")
        assert embed(client, LONG, truncate=True).status_code == 200
        assert client.post("/embed", json={"texts": [LONG]}).status_code == 422
        assert client.post("/embed?truncate=true", json={"texts": [LONG]}).status_code == 200
        assert client.post("/v1/embeddings", json={"model": "tiny", "input": LONG}).status_code == 400
        assert ok(client.get("/tei/info"))["auto_truncate"] is False


def test_the_rows_of_every_token_pool_to_the_embedding(client: httpx.Client) -> None:
    found = [rows(one) for one in ok(embed(client, TEXTS, "/tei/embed_all"))]
    tokens = ok(client.post("/embed", json={"texts": TEXTS}))["tokens"]
    assert [one.shape for one in found] == [(count, HIDDEN) for count in tokens]
    pooled = np.array([one.mean(axis=0) for one in found])
    assert np.allclose(pooled, native(client, *TEXTS, normalize=False), atol=1e-5)
    pooled /= np.linalg.norm(pooled, axis=1, keepdims=True)
    assert np.allclose(pooled, native(client, *TEXTS), atol=1e-5)


def test_the_rows_of_every_token_are_the_same_alone_or_in_company(client: httpx.Client) -> None:
    together = ok(embed(client, TEXTS, "/tei/embed_all"))
    for text, expected in zip(TEXTS, together, strict=True):
        assert ok(embed(client, text, "/tei/embed_all")) == [expected]


def test_rows_of_every_token_are_cut_and_limited(client: httpx.Client) -> None:
    (left,) = ok(embed(client, LONG, "/tei/embed_all", truncation_direction="Left"))
    assert same(rows(left), rows(ok(embed(client, TAIL, "/tei/embed_all"))[0]))
    assert len(left) == MAX_TOKENS
    refused(embed(client, LONG, "/tei/embed_all", truncate=False), 422, "Validation")
    refused(embed(client, ["a"] * 33, "/tei/embed_all"), 422, "Validation")
    assert len(ok(embed(client, ["a"] * 32, "/tei/embed_all"))) == 32


@pytest.mark.parametrize("path", AT_THE_ROOT)
def test_similarity_is_the_cosine_with_each_sentence(client: httpx.Client, path: str) -> None:
    inputs = {"source_sentence": TEXTS[0], "sentences": [*TEXTS, TEXTS[0]]}
    found = ok(embed(client, inputs, path))
    expected = native(client, *TEXTS, TEXTS[0]) @ native(client, TEXTS[0])[0]
    assert found == pytest.approx(expected.tolist(), abs=1e-6)
    assert max(found) <= 1


@pytest.mark.parametrize("path", AT_THE_ROOT)
def test_similarity_takes_parameters(client: httpx.Client, path: str) -> None:
    inputs = {"source_sentence": LONG, "sentences": [HEAD, TAIL]}
    for direction, expected in (("Right", 0), ("left", 1)):
        found = ok(embed(client, inputs, path, parameters={"truncation_direction": direction}))
        assert found[expected] == pytest.approx(1, abs=1e-6)
        assert found[1 - expected] < 0.9999
    refused(embed(client, inputs, path, parameters={"truncate": False}), 422, "Validation")
    prompted = ok(
        embed(client, {"source_sentence": "a", "sentences": ["b"]}, path, parameters={"prompt_name": "query"})
    )
    left, right = native(client, "a", "b", prompt="query")
    assert prompted == pytest.approx([float(left @ right)], abs=1e-6)


@pytest.mark.parametrize("path", AT_THE_ROOT)
def test_no_sentences_are_an_empty_request(client: httpx.Client, path: str) -> None:
    refused(embed(client, {"source_sentence": "a", "sentences": []}, path), 400, "Empty")


def test_openai_s_route_under_the_same_base_takes_any_model_or_none(client: httpx.Client) -> None:
    for fields in ({}, {"model": None}, {"model": "whatever"}):
        document = ok(client.post("/tei/v1/embeddings", json={"input": TEXTS} | fields))
        assert same(rows([one["embedding"] for one in document["data"]]), native(client, *TEXTS))
    refused(client.post("/tei/v1/embeddings", json={"input": [""]}), 400, "Empty")


def test_the_model_and_the_limits_are_told(client: httpx.Client) -> None:
    info = ok(client.get("/tei/info"))
    assert info["model_id"] == "tiny"
    assert info["model_type"] == {"embedding": {"pooling": "mean"}}
    assert info["max_input_length"] == MAX_TOKENS
    assert info["max_client_batch_size"] == 2048
    assert info["auto_truncate"] is True
    for name in ("model_sha", "model_dtype", "max_concurrent_requests", "max_batch_tokens", "tokenization_workers"):
        assert name in info
    assert info["version"]


def test_health_is_empty_and_metrics_are_the_metrics(client: httpx.Client) -> None:
    for method in ("GET", "HEAD"):
        answer = client.request(method, "/tei/health")
        assert (answer.status_code, answer.content) == (200, b"")
    assert "vecd_http_requests_total" in client.get("/tei/metrics").text


EMPTY: list[Any] = ["", [], [""], ["a", ""]]
WRONG: list[dict[str, Any]] = [
    {},
    {"inputs": None},
    {"inputs": 5.5},
    {"inputs": ["a", 5.5]},
    {"inputs": ["a"] * 2049},
    {"inputs": "a", "dimensions": 0},
    {"inputs": "a", "dimensions": HIDDEN + 1},
    {"inputs": "a", "prompt_name": "nope"},
    {"inputs": "a", "truncation_direction": "up"},
    {"inputs": "a", "truncate": "yes"},
    {"inputs": [5, 6]},
    {"inputs": [[5, 6]]},
    {"inputs": ["a", 5]},
    {"inputs": "a" * (1024 * 1024 + 1)},
]


@pytest.mark.parametrize("path", ["/tei", "/tei/embed", "/tei/embed_all", "/tei/tokenize"])
@pytest.mark.parametrize("inputs", EMPTY, ids=str)
def test_nothing_is_an_empty_request(client: httpx.Client, path: str, inputs: Any) -> None:
    refused(embed(client, inputs, path), 400, "Empty")


@pytest.mark.parametrize("path", ["/tei", "/tei/embed"])
@pytest.mark.parametrize("body", WRONG, ids=lambda body: str(body)[:40])
def test_wrong_requests_get_422(client: httpx.Client, path: str, body: dict[str, Any]) -> None:
    refused(client.post(path, json=body), 422, "Validation")


def test_malformed_json_gets_422_too(client: httpx.Client) -> None:
    answer = client.post("/tei/embed", content=b"{", headers={"content-type": "application/json"})
    refused(answer, 422, "Validation")


def test_unknown_fields_are_ignored(client: httpx.Client) -> None:
    assert same(rows(ok(embed(client, "a", colour="blue", encoding_format="float"))), native(client, "a"))

"""The native dialect over a real socket, on the tiny model: what good and bad requests get."""

import json
import math
from collections.abc import Iterator

import httpx
import pytest

from tests.running import RunningServer
from tests.tiny import HIDDEN, MAX_TOKENS

JSON = {"content-type": "application/json"}


@pytest.fixture
def client(tiny_server: RunningServer) -> Iterator[httpx.Client]:
    with tiny_server.client() as client:
        yield client


def embed(client: httpx.Client, *texts: str, **options: object) -> dict[str, object]:
    answer = client.post("/embed", json={"texts": list(texts), **options})
    assert answer.status_code == 200, answer.text
    found: dict[str, object] = answer.json()
    return found


def norm(row: list[float]) -> float:
    return math.sqrt(sum(value * value for value in row))


def test_embeddings_come_back_in_order_with_unit_norm(client: httpx.Client) -> None:
    both = client.post("/embed", json={"texts": ["one", "another text"]}).json()
    assert both["dimensions"] == HIDDEN
    assert [len(row) for row in both["embeddings"]] == [HIDDEN, HIDDEN]
    assert all(norm(row) == pytest.approx(1, abs=1e-6) for row in both["embeddings"])
    assert both["embeddings"][1] == client.post("/embed", json={"texts": ["another text"]}).json()["embeddings"][0]


def test_no_texts_give_no_embeddings(client: httpx.Client) -> None:
    expected = {"embeddings": [], "dimensions": HIDDEN, "cached_count": 0, "tokens": [], "truncated": []}
    assert embed(client) == expected


def test_an_empty_text_embeds_like_any_other(client: httpx.Client) -> None:
    assert embed(client, "")["tokens"] == [2]


def test_a_text_asked_for_again_comes_from_the_cache_with_the_same_bits(client: httpx.Client) -> None:
    first, again = embed(client, "cache me once"), embed(client, "cache me once")
    assert (first["cached_count"], again["cached_count"]) == (0, 1)
    assert first["embeddings"] == again["embeddings"]


def test_cache_false_neither_reads_nor_fills(client: httpx.Client) -> None:
    for _ in range(2):
        assert embed(client, "never cached", cache=False)["cached_count"] == 0
    assert embed(client, "never cached")["cached_count"] == 0
    assert embed(client, "never cached", cache=False)["cached_count"] == 0


def test_the_batch_route_ignores_the_cache(client: httpx.Client) -> None:
    plain = embed(client, "through both routes")["embeddings"]
    before = client.get("/stats").json()["cache"]
    batch = client.post("/embed/batch", json={"texts": ["through both routes"], "cache": True})
    assert batch.status_code == 200
    assert batch.json() == {"embeddings": plain, "dimensions": HIDDEN}
    assert client.get("/stats").json()["cache"] == before


def test_a_text_repeated_in_one_request_is_answered_for_each(client: httpx.Client) -> None:
    found = client.post("/embed", json={"texts": ["twin", "other", "twin"], "cache": False}).json()
    assert found["embeddings"][0] == found["embeddings"][2]
    assert found["embeddings"][0] != found["embeddings"][1]


def test_cached_count_counts_every_text_found_at_arrival(client: httpx.Client) -> None:
    embed(client, "known before")
    assert embed(client, "known before", "known before", "new now")["cached_count"] == 2


def test_dimensions_cuts_and_normalizes_again(client: httpx.Client) -> None:
    whole = client.post("/embed", json={"texts": ["cut me"]}).json()["embeddings"][0]
    cut = client.post("/embed", json={"texts": ["cut me"], "dimensions": 5}).json()
    assert cut["dimensions"] == 5
    (row,) = cut["embeddings"]
    assert norm(row) == pytest.approx(1, abs=1e-6)
    assert row == pytest.approx([value / norm(whole[:5]) for value in whole[:5]], abs=1e-6)


def test_normalize_false_gives_the_pooled_vector_in_the_same_direction(client: httpx.Client) -> None:
    unit = client.post("/embed", json={"texts": ["raw"]}).json()["embeddings"][0]
    raw = client.post("/embed", json={"texts": ["raw"], "normalize": False}).json()["embeddings"][0]
    assert norm(raw) != pytest.approx(1, abs=1e-3)
    assert [value / norm(raw) for value in raw] == pytest.approx(unit, abs=1e-6)


def test_a_prompt_is_put_before_each_text(client: httpx.Client) -> None:
    named = embed(client, "pizza", prompt="query")
    assert named["embeddings"] == embed(client, "search: pizza")["embeddings"]


def test_long_texts_are_truncated_and_say_so(client: httpx.Client) -> None:
    found = embed(client, "short", "a " * 500)
    assert found["tokens"] == [7, MAX_TOKENS]
    assert found["truncated"] == [False, True]


def test_truncate_false_refuses_a_long_text(client: httpx.Client) -> None:
    answer = client.post("/embed?truncate=false", json={"texts": ["short", "a " * 500]})
    assert answer.status_code == 422
    assert "text 1" in answer.json()["detail"]
    assert client.post("/embed?truncate=false", json={"texts": ["short"]}).status_code == 200


@pytest.mark.parametrize("path", ["/embed", "/embed/batch"])
def test_windows_embed_all_of_a_long_text(client: httpx.Client, path: str) -> None:
    texts = ["short", "a " * 500, "a " * 500 + "z"]
    rows = client.post(path, json={"texts": texts}).json()["embeddings"]
    answer = client.post(path, json={"texts": texts, "truncate": "windows"})
    assert "x-truncated-inputs" not in answer.headers
    found = answer.json()
    assert found["embeddings"][0] == rows[0]
    assert rows[1] == rows[2]
    assert found["embeddings"][1] != found["embeddings"][2]
    assert norm(found["embeddings"][1]) == pytest.approx(1, abs=1e-6)
    assert client.post(path + "?truncate=windows", json={"texts": texts}).json()["embeddings"] == found["embeddings"]
    if path == "/embed":
        assert found["truncated"] == [False, False, False]
        assert found["tokens"] == [7, 500 + 2 * 11, 501 + 2 * 11]


def test_truncate_in_the_body_is_as_in_the_query(client: httpx.Client) -> None:
    long = ["a " * 500]
    assert client.post("/embed", json={"texts": long, "truncate": False}).status_code == 422
    assert client.post("/embed", json={"texts": long, "truncate": True}).json()["truncated"] == [True]
    both = client.post("/embed?truncate=false", json={"texts": long, "truncate": "windows"})
    assert both.json()["truncated"] == [False]


@pytest.mark.parametrize(
    ("query", "value"),
    [("", "window"), ("", 1), ("?truncate=window", None), ("?truncate=", True)],
)
def test_a_truncate_that_is_unknown_is_refused(client: httpx.Client, query: str, value: object) -> None:
    answer = client.post("/embed" + query, json={"texts": ["a"], "truncate": value})
    assert answer.status_code in {400, 422}
    assert "truncate" in answer.text


def test_similarity_compares_each_with_each(client: httpx.Client) -> None:
    found = client.post("/similarity", json={"a": ["x", "y"], "b": ["x", "y", "z"]}).json()["similarity"]
    assert [len(row) for row in found] == [3, 3]
    assert found[0][0] == pytest.approx(1, abs=1e-6)
    itself = client.post("/similarity", json={"a": ["x", "y"]}).json()["similarity"]
    assert itself[0][1] == pytest.approx(found[0][1], abs=1e-6)
    assert itself[1][0] == pytest.approx(itself[0][1], abs=1e-6)
    assert all(-1 <= value <= 1 for row in itself for value in row)


def test_health_and_readiness_answer_200(client: httpx.Client) -> None:
    assert client.get("/health").json() == {"status": "ok", "model_loaded": True}
    assert client.get("/health/live").status_code == 200
    assert client.get("/health/ready").status_code == 200


def test_stats_count_requests_by_route_and_cache_hits(client: httpx.Client) -> None:
    before = client.get("/stats").json()
    embed(client, "counted once")
    embed(client, "counted once")
    client.post("/embed/batch", json={"texts": ["counted"]})
    after = client.get("/stats").json()
    assert after["model"] == "tiny"
    assert after["index"]["documents"] == 0
    assert after["requests"]["embed"] - before["requests"]["embed"] == 2
    assert after["requests"]["batch"] - before["requests"]["batch"] == 1
    assert after["cache"]["hits"] - before["cache"]["hits"] == 1
    assert after["cache"]["misses"] - before["cache"]["misses"] == 1
    assert 0 < after["cache"]["hit_rate"] < 1


def test_stats_tell_how_true_the_variant_is_and_on_how_many_cores_it_runs(client: httpx.Client) -> None:
    stats = client.get("/stats").json()
    assert stats["cores"] >= 1
    assert 0.9 < stats["fidelity"]["least"] <= stats["fidelity"]["mean"] <= 1.001
    assert stats["fidelity"]["on_probes"] > 0.9
    assert stats["fidelity"]["measured_on"]


def test_every_response_has_a_request_id_and_embeddings_have_timings(client: httpx.Client) -> None:
    answer = client.post("/embed", json={"texts": ["timed"]}, headers={"x-request-id": "trace-7"})
    assert answer.headers["x-request-id"] == "trace-7"
    assert [part.split(";")[0] for part in answer.headers["server-timing"].split(", ")] == [
        "queue",
        "tokenize",
        "inference",
    ]
    missing = client.get("/nowhere", headers={"x-request-id": "x" * 500})
    assert missing.json()["request_id"] == missing.headers["x-request-id"] != "x" * 500


def body(texts: object) -> bytes:
    return json.dumps({"texts": texts}).encode()


BAD_REQUESTS = {
    "malformed JSON": (b'{"texts": ["a"', JSON, 400),
    "no body": (b"", JSON, 400),
    "no texts field": (b"{}", JSON, 400),
    "a number among the texts": (body(["a", 5]), JSON, 400),
    "texts that are one string": (body("a"), JSON, 400),
    "an unknown field": (b'{"texts": [], "colour": 1}', JSON, 400),
    "a top level that is no object": (b"[]", JSON, 400),
    "more texts than the limit": (body(["a"] * 2049), JSON, 400),
    "dimensions of zero": (b'{"texts": [], "dimensions": 0}', JSON, 400),
    "dimensions beyond the model's": (b'{"texts": [], "dimensions": 65}', JSON, 400),
    "dimensions as a string": (b'{"texts": [], "dimensions": "8"}', JSON, 400),
    "a prompt that the model lacks": (b'{"texts": [], "prompt": "nope"}', JSON, 400),
    "invalid UTF-8": (b'{"texts": ["\xff\xfe"]}', JSON, 400),
    "a lone surrogate": (rb'{"texts": ["\ud800"]}', JSON, 400),
    "a second byte order mark": (b"\xef\xbb\xbf" * 2 + body(["a"]), JSON, 400),
    "UTF-16": (body(["a"]).decode().encode("utf-16"), JSON, 400),
    "NaN": (b'{"texts": [], "dimensions": NaN}', JSON, 400),
    "nesting without end": (b'{"texts": ' + b"[" * 100_000, JSON, 400),
    "nesting in an unknown field": (b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b', "texts": []}', JSON, 400),
    "a text over the limit": (body(["a" * (1024 * 1024 + 1)]), JSON, 422),
    "a text over the limit in bytes": (body(["é" * 600_000]).replace(b"\\u00e9", "é".encode()), JSON, 422),
    "a body over the limit": (body(["a" * 2_000_000]), JSON, 413),
    "another content type": (body(["a"]), {"content-type": "text/plain"}, 415),
    "no content type": (body(["a"]), {}, 415),
    "another charset": (body(["a"]), {"content-type": "application/json; charset=latin-1"}, 415),
    "a content encoding": (body(["a"]), JSON | {"content-encoding": "gzip"}, 415),
}


@pytest.mark.parametrize("case", BAD_REQUESTS)
def test_bad_input_gets_its_problem_document_and_the_next_request_is_served(client: httpx.Client, case: str) -> None:
    content, headers, status = BAD_REQUESTS[case]
    answer = client.post("/embed", content=content, headers=headers)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert problem["type"] == "about:blank"
    assert len(problem["title"]) > 0
    assert len(problem["detail"]) > 5
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert embed(client, "still served")["dimensions"] == HIDDEN


def test_a_body_over_the_limit_is_refused_when_it_comes_in_chunks(client: httpx.Client) -> None:
    def chunks() -> object:
        yield b'{"texts": ["'
        for _ in range(40):
            yield b"a" * 65536
        yield b'"]}'

    answer = client.post("/embed", content=chunks(), headers=JSON)  # type: ignore[arg-type]
    assert answer.status_code == 413


def test_unknown_routes_and_methods_are_problems_too(client: httpx.Client) -> None:
    missing = client.get("/nothing/here")
    assert (missing.status_code, missing.json()["status"]) == (404, 404)
    wrong = client.get("/embed")
    assert wrong.status_code == 405
    assert "POST" in wrong.headers["allow"]
    assert wrong.headers["content-type"] == "application/problem+json"

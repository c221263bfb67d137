"""Ollama's dialect, route by route."""

import datetime
from typing import Any

import httpx
import pytest

from tests.server.texts import HEAD, LONG, TEXTS, native, ok, rows, same
from tests.tiny import HIDDEN, MAX_TOKENS

NAMES = ["tiny:latest", "org/tiny:latest", "small:latest", "pinned:latest"]


def ask(client: httpx.Client, given: Any, path: str = "/api/embed", **options: Any) -> httpx.Response:
    name = "input" if path == "/api/embed" else "prompt"
    return client.post(path, json={"model": "tiny", name: given, **options})


def refused(answer: httpx.Response, status: int = 400) -> str:
    assert answer.status_code == status, answer.text
    assert set(answer.json()) == {"error"}
    return str(answer.json()["error"])


def test_the_answer_is_ollama_s_to_the_letter(client: httpx.Client) -> None:
    document = ok(ask(client, ["a b", "c"]))
    assert set(document) == {"model", "embeddings", "total_duration", "load_duration", "prompt_eval_count"}
    assert (document["model"], document["prompt_eval_count"]) == ("tiny", 7)
    assert 0 < document["load_duration"] < document["total_duration"] < 60 * 10**9
    assert all(isinstance(document[name], int) for name in ("total_duration", "load_duration"))


def test_embeddings_are_the_native_ones_to_the_last_bit(client: httpx.Client) -> None:
    assert same(rows(ok(ask(client, TEXTS))["embeddings"]), native(client, *TEXTS))
    assert same(rows(ok(ask(client, "a"))["embeddings"]), native(client, "a"))
    assert same(rows(ok(ask(client, TEXTS, dimensions=7))["embeddings"]), native(client, *TEXTS, dimensions=7))


def test_the_older_route_gives_one_row_bare(client: httpx.Client) -> None:
    document = ok(ask(client, "a", "/api/embeddings"))
    assert set(document) == {"embedding"}
    assert same(rows([document["embedding"]]), native(client, "a"))
    assert ok(ask(client, "", "/api/embeddings")) == {"embedding": []}


def test_no_texts_give_no_rows_and_an_empty_text_is_one(client: httpx.Client) -> None:
    assert ok(ask(client, []))["embeddings"] == []
    assert ok(client.post("/api/embed", json={"model": "tiny"}))["embeddings"] == []
    assert same(rows(ok(ask(client, ["", "a"]))["embeddings"]), native(client, "", "a"))


@pytest.mark.parametrize("truncate", [True, None, ...])
def test_a_long_text_is_cut_at_its_end_and_the_answer_says_so(client: httpx.Client, truncate: Any) -> None:
    options = {} if truncate is ... else {"truncate": truncate}
    answer = ask(client, [LONG, "a"], **options)
    assert same(rows(ok(answer)["embeddings"])[:1], native(client, HEAD))
    assert answer.headers["x-truncated-inputs"] == "1"
    assert ok(answer)["prompt_eval_count"] == MAX_TOKENS + 3


def test_a_long_text_is_refused_where_it_may_not_be_cut(client: httpx.Client) -> None:
    assert "text 0" in refused(ask(client, LONG, truncate=False))
    assert ask(client, "a", truncate=False).status_code == 200


@pytest.mark.parametrize("model", [*NAMES, "tiny", "org/tiny", "small"])
@pytest.mark.parametrize("path", ["/api/embed", "/api/embeddings", "/api/show"])
def test_every_name_of_the_model_serves(client: httpx.Client, path: str, model: str) -> None:
    document = ok(client.post(path, json={"model": model, "input": "a", "prompt": "a"}))
    if path == "/api/embed":
        assert document["model"] == model


@pytest.mark.parametrize("path", ["/api/embed", "/api/embeddings", "/api/show"])
@pytest.mark.parametrize("model", ["llama3", "tiny:v2", "", "tiny:latest:latest"])
def test_another_model_is_not_found(client: httpx.Client, path: str, model: str) -> None:
    message = refused(client.post(path, json={"model": model, "input": "a", "prompt": "a"}), 404)
    assert "tiny" in message


def test_what_is_there_is_listed_with_tags(client: httpx.Client) -> None:
    models = ok(client.get("/api/tags"))["models"]
    assert [one["name"] for one in models] == [one["model"] for one in models] == NAMES
    for one in models:
        assert datetime.datetime.fromisoformat(one["modified_at"]).tzinfo
        assert one["size"] > 0
        assert one["digest"]
        assert one["details"]["family"] == "bert"
    (loaded,) = ok(client.get("/api/ps"))["models"]
    assert loaded["name"] == "tiny:latest"
    assert datetime.datetime.fromisoformat(loaded["expires_at"]).year > 3000
    assert loaded["size_vram"] == 0


def test_the_model_is_shown_by_either_field(client: httpx.Client) -> None:
    shown = ok(client.post("/api/show", json={"model": "tiny"}))
    assert shown == ok(client.post("/api/show", json={"name": "tiny"}))
    assert shown["capabilities"] == ["embedding"]
    assert shown["model_info"]["bert.embedding_length"] == HIDDEN
    assert shown["model_info"]["bert.context_length"] == MAX_TOKENS


def test_the_version_is_a_version(client: httpx.Client) -> None:
    assert set(ok(client.get("/api/version"))) == {"version"}


def test_what_vecd_has_no_use_for_is_ignored(client: httpx.Client) -> None:
    answer = ask(client, "a", keep_alive="5m", options={"num_ctx": 8, "temperature": 0}, colour=5)
    assert same(rows(ok(answer)["embeddings"]), native(client, "a"))
    assert ask(client, "a", keep_alive=-1, options=None).status_code == 200


def test_curl_without_a_content_type_is_understood(client: httpx.Client) -> None:
    """As Ollama's documentation calls it: curl says that a form is coming."""
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = client.post("/api/embed", content=b'{"model": "tiny", "input": "a"}', headers=headers)
    assert same(rows(ok(answer)["embeddings"]), native(client, "a"))


WRONG: list[tuple[str, dict[str, Any]]] = [
    ("/api/embed", {"model": "tiny", "input": 5}),
    ("/api/embed", {"model": "tiny", "input": ["a", 5]}),
    ("/api/embed", {"model": "tiny", "input": [[5]]}),
    ("/api/embed", {"input": "a"}),
    ("/api/embed", {"model": "tiny", "input": "a", "dimensions": 0}),
    ("/api/embed", {"model": "tiny", "input": "a", "dimensions": HIDDEN + 1}),
    ("/api/embed", {"model": "tiny", "input": ["a"] * 2049}),
    ("/api/embed", {"model": "tiny", "input": "a" * (1024 * 1024 + 1)}),
    ("/api/embeddings", {"model": "tiny", "prompt": ["a"]}),
    ("/api/embeddings", {"prompt": "a"}),
]


@pytest.mark.parametrize(("path", "body"), WRONG, ids=lambda value: str(value)[:50])
def test_wrong_requests_get_400_with_an_error(client: httpx.Client, path: str, body: dict[str, Any]) -> None:
    assert len(refused(client.post(path, json=body))) > 5

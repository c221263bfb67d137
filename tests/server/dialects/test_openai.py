"""OpenAI's dialect, route by route."""

import base64
from typing import Any

import httpx
import numpy as np
import pytest

from tests.server.daemon import Daemon
from tests.server.texts import HEAD, LONG, TEXTS, Rows, native, ok, rows, same
from tests.tiny import HIDDEN, VOCABULARY


def ask(client: httpx.Client, given: Any, **options: Any) -> httpx.Response:
    return client.post("/v1/embeddings", json={"model": "tiny", "input": given, **options})


def found(answer: httpx.Response) -> Rows:
    document = ok(answer)
    assert [one["index"] for one in document["data"]] == list(range(len(document["data"])))
    return rows([one["embedding"] for one in document["data"]])


def refused(answer: httpx.Response, status: int = 400) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    error: dict[str, Any] = answer.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    return error


def test_the_answer_is_openai_s_to_the_letter(client: httpx.Client) -> None:
    document = ok(ask(client, ["a b", "c"]))
    assert set(document) == {"object", "data", "model", "usage"}
    assert (document["object"], document["model"]) == ("list", "tiny")
    assert document["usage"] == {"prompt_tokens": 7, "total_tokens": 7}
    assert [(set(one), one["object"]) for one in document["data"]] == [
        ({"object", "embedding", "index"}, "embedding")
    ] * 2


def test_embeddings_are_the_native_ones_to_the_last_bit(client: httpx.Client) -> None:
    assert same(found(ask(client, TEXTS)), native(client, *TEXTS))
    assert same(found(ask(client, TEXTS[0])), native(client, TEXTS[0]))


def test_base64_holds_the_same_bits_in_little_endian(client: httpx.Client) -> None:
    document = ok(ask(client, TEXTS, encoding_format="base64"))
    decoded = [np.frombuffer(base64.b64decode(one["embedding"], validate=True), "<f4") for one in document["data"]]
    assert same(rows(decoded), native(client, *TEXTS))


@pytest.mark.parametrize("form", ["float", None])
def test_other_forms_are_numbers(client: httpx.Client, form: str | None) -> None:
    assert same(found(ask(client, "a", encoding_format=form)), native(client, "a"))


@pytest.mark.parametrize("dimensions", [1, 7, HIDDEN - 1, HIDDEN, None])
def test_dimensions_are_cut_and_normalized_again(client: httpx.Client, dimensions: int | None) -> None:
    row = found(ask(client, TEXTS, dimensions=dimensions))
    assert row.shape == (len(TEXTS), dimensions or HIDDEN)
    assert np.linalg.norm(row, axis=1) == pytest.approx(1, abs=1e-6)
    assert same(row, native(client, *TEXTS, dimensions=dimensions))
    packed = ok(ask(client, TEXTS[0], dimensions=dimensions, encoding_format="base64"))["data"][0]["embedding"]
    assert base64.b64decode(packed) == row[0].astype("<f4").tobytes()


@pytest.mark.parametrize("model", ["tiny", "tiny:latest", "org/tiny", "small", "small:latest", "pinned:latest"])
def test_every_name_of_the_model_serves_and_is_told_back(client: httpx.Client, model: str) -> None:
    document = ok(client.post("/v1/embeddings", json={"model": model, "input": "a"}))
    assert document["model"] == model


def test_another_model_is_not_found_and_what_is_served_is_said(client: httpx.Client) -> None:
    error = refused(client.post("/v1/embeddings", json={"model": "text-embedding-3-small", "input": "a"}), 404)
    assert (error["code"], error["param"]) == ("model_not_found", "model")
    assert all(name in error["message"] for name in ("tiny", "org/tiny", "small"))


def test_the_models_are_listed_and_shown_by_each_name(client: httpx.Client) -> None:
    listed = ok(client.get("/v1/models"))
    assert listed["object"] == "list"
    assert [one["id"] for one in listed["data"]] == ["tiny", "org/tiny", "small", "pinned:latest"]
    for one in listed["data"]:
        assert set(one) == {"id", "object", "created", "owned_by"}
        assert isinstance(one["created"], int)
        for path in (one["id"], one["id"].replace("/", "%2F").replace(":", "%3A")):
            assert ok(client.get(f"/v1/models/{path}")) == one
    assert refused(client.get("/v1/models/nothing"), 404)["code"] == "model_not_found"


WRONG: dict[str, tuple[dict[str, Any], str | None]] = {
    "an empty text": ({"input": ""}, "input"),
    "an empty text among others": ({"input": ["a", ""]}, "input"),
    "no texts": ({"input": []}, "input"),
    "no input": ({"input": ...}, None),
    "a number": ({"input": 5.5}, "input"),
    "null": ({"input": None}, "input"),
    "an object": ({"input": {"a": "b"}}, "input"),
    "a number among texts": ({"input": ["a", 5.5]}, "input[1]"),
    "more texts than the limit": ({"input": ["a"] * 2049}, "input"),
    "token ids": ({"input": [5, 6]}, "input"),
    "sequences of token ids": ({"input": [[5, 6]]}, "input"),
    "dimensions of none": ({"dimensions": 0}, "dimensions"),
    "dimensions beyond the model's": ({"dimensions": HIDDEN + 1}, "dimensions"),
    "dimensions that are no number": ({"dimensions": "8"}, "dimensions"),
    "another encoding": ({"encoding_format": "int8"}, "encoding_format"),
    "no model": ({"model": ...}, None),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_requests_get_400_and_the_field_s_name(client: httpx.Client, case: str) -> None:
    changes, parameter = WRONG[case]
    body = {name: value for name, value in ({"model": "tiny", "input": "a"} | changes).items() if value is not ...}
    error = refused(client.post("/v1/embeddings", json=body))
    assert error["type"] == "invalid_request_error"
    if parameter:
        assert error["param"] == parameter


def test_refused_ids_say_what_to_do(client: httpx.Client) -> None:
    message = refused(ask(client, [[5, 6]]))["message"]
    assert "check_embedding_ctx_length=False" in message
    assert "--accept-token-ids" in message


def test_unknown_fields_are_ignored(client: httpx.Client) -> None:
    assert same(found(ask(client, "a", user="me", colour="blue", truncate=False)), native(client, "a"))


def test_a_long_text_is_cut_at_its_end_and_the_answer_says_so(client: httpx.Client) -> None:
    answer = ask(client, [LONG, "a", LONG])
    assert answer.headers["x-truncated-inputs"] == "2"
    assert same(found(answer)[:1], native(client, HEAD))
    assert "x-truncated-inputs" not in ask(client, "a").headers


def test_ids_of_a_text_give_its_bits(ids: Daemon) -> None:
    with ids.client() as client:
        tokens = [[one["id"] for one in text] for text in ok(client.post("/tei/tokenize", json={"inputs": TEXTS}))]
        assert same(found(ask(client, tokens)), native(client, *TEXTS))
        for one, text in zip(tokens, TEXTS, strict=True):
            answer = ask(client, one)
            assert same(found(answer), native(client, text))
            assert ok(answer)["usage"]["prompt_tokens"] == len(one)


def test_ids_are_the_final_sequence(ids: Daemon) -> None:
    with ids.client() as client:
        bare = found(ask(client, [4, 5]))
        assert not same(bare, native(client, "ab"))
        answer = ask(client, [4] * 500)
        assert answer.headers["x-truncated-inputs"] == "1"
        assert same(found(answer), found(ask(client, [4] * 48)))


WRONG_IDS = [[-1], [len(VOCABULARY)], [[4], [10**12]], [10**40], [[4], "a"], ["a", 4], [4, [4]], [[]], [[4], []], [4.5]]


@pytest.mark.parametrize("given", WRONG_IDS, ids=str)
def test_ids_that_the_model_has_not_and_mixtures_are_400(ids: Daemon, given: Any) -> None:
    with ids.client() as client:
        assert refused(ask(client, given))["type"] == "invalid_request_error"
        assert found(ask(client, [4])).shape == (1, HIDDEN)


def test_an_id_and_a_text_that_look_alike_are_not_each_other_s_cached_row(ids: Daemon) -> None:
    with ids.client() as client:
        for given in ("4", [4], [[4]], "[4]"):
            ask(client, given)
        assert same(found(ask(client, "4")), native(client, "4"))
        assert same(found(ask(client, [4])), found(ask(client, [[4]])))
        assert not same(found(ask(client, [4])), native(client, "4"))

"""Cohere's dialect, against numpy."""

import base64
from typing import Any

import httpx
import numpy as np
import pytest

from tests.server.texts import HEAD, LONG, TAIL, TEXTS, Rows, native, ok, rows, same
from tests.tiny import HIDDEN

KINDS = ["float", "int8", "uint8", "binary", "ubinary", "base64"]


def ask(client: httpx.Client, *texts: str, **options: Any) -> httpx.Response:
    body = {"model": "tiny", "input_type": "classification", "texts": list(texts), **options}
    return client.post("/v2/embed", json={name: value for name, value in body.items() if value is not ...})


def embeddings(client: httpx.Client, *texts: str, **options: Any) -> dict[str, Any]:
    found: dict[str, Any] = ok(ask(client, *texts, **options))["embeddings"]
    return found


def refused(answer: httpx.Response, status: int) -> str:
    assert answer.status_code == status, answer.text
    assert set(answer.json()) == {"message"}
    return str(answer.json()["message"])


def packed(expected: Rows) -> Any:
    """Return the bits of x > 0, the first one highest, without numpy's own packing."""
    bits = (expected > 0).reshape(len(expected), -1, 8)
    return (bits * (1 << np.arange(7, -1, -1))).sum(axis=2)


def test_the_answer_is_cohere_s_to_the_letter(client: httpx.Client) -> None:
    first, second = ok(ask(client, "a b", "c")), ok(ask(client, "a b", "c"))
    assert set(first) - {"response_type"} == {"id", "embeddings", "texts", "meta"}
    assert first["texts"] == ["a b", "c"]
    assert first["meta"] == {"api_version": {"version": "2"}, "billed_units": {"input_tokens": 7}}
    assert list(first["embeddings"]) == ["float"]
    assert first["id"] != second["id"]


@pytest.mark.parametrize("dimensions", [None, HIDDEN, 32, 8])
def test_all_six_types_are_what_numpy_makes_of_the_native_row(client: httpx.Client, dimensions: int | None) -> None:
    expected = native(client, *TEXTS, dimensions=dimensions)
    found = embeddings(client, *TEXTS, embedding_types=KINDS, output_dimension=dimensions)
    assert set(found) == set(KINDS)
    assert same(rows(found["float"]), expected)
    int8 = np.rint(127 * expected / np.abs(expected).max(axis=1, keepdims=True)).astype(int)
    assert np.array_equal(found["int8"], int8)
    assert np.abs(int8).max(axis=1).tolist() == [127] * len(TEXTS)
    assert np.array_equal(found["uint8"], int8 + 128)
    assert np.array_equal(found["ubinary"], packed(expected))
    assert np.array_equal(found["binary"], packed(expected) - 128)
    decoded = [np.frombuffer(base64.b64decode(one, validate=True), "<f4") for one in found["base64"]]
    assert same(rows(decoded), expected)


@pytest.mark.parametrize("kind", KINDS)
def test_a_type_alone_is_what_it_is_in_company(client: httpx.Client, kind: str) -> None:
    alone = embeddings(client, *TEXTS, embedding_types=[kind])
    assert alone == {kind: embeddings(client, *TEXTS, embedding_types=KINDS)[kind]}
    assert embeddings(client, *TEXTS, embedding_types=[kind, kind]) == alone


def test_ranges_are_those_of_the_types(client: httpx.Client) -> None:
    found = embeddings(client, *(f"text {number}" for number in range(96)), embedding_types=KINDS)
    for kind, low, high in (("int8", -127, 127), ("uint8", 1, 255), ("binary", -128, 127), ("ubinary", 0, 255)):
        assert low <= np.min(found[kind]) <= np.max(found[kind]) <= high
        assert len(found[kind]) == 96


@pytest.mark.parametrize(
    ("kind", "prompt"),
    [
        ("search_query", "query"),
        ("search_document", None),
        ("classification", None),
        ("clustering", None),
        (None, None),
    ],
)
def test_the_type_of_input_chooses_the_model_s_prompt(
    client: httpx.Client, kind: str | None, prompt: str | None
) -> None:
    found = embeddings(client, *TEXTS, input_type=kind)["float"]
    assert same(rows(found), native(client, *TEXTS, prompt=prompt))


@pytest.mark.parametrize(("end", "kept"), [("END", HEAD), ("START", TAIL), (..., HEAD), (None, HEAD)])
def test_the_end_that_is_named_is_cut_off(client: httpx.Client, end: Any, kept: str) -> None:
    answer = ask(client, LONG, "a", truncate=end)
    assert same(rows(ok(answer)["embeddings"]["float"])[:1], native(client, kept))
    assert answer.headers["x-truncated-inputs"] == "1"


def test_none_refuses_a_long_text(client: httpx.Client) -> None:
    assert "text 1" in refused(ask(client, "a", LONG, truncate="NONE"), 422)
    assert ask(client, "a", truncate="NONE").status_code == 200


def test_no_texts_give_no_rows_and_an_empty_text_is_one(client: httpx.Client) -> None:
    assert embeddings(client, embedding_types=KINDS) == {kind: [] for kind in KINDS}
    assert same(rows(embeddings(client, "")["float"]), native(client, ""))


@pytest.mark.parametrize("model", ["tiny", "org/tiny", "small", "pinned:latest"])
def test_every_name_of_the_model_serves(client: httpx.Client, model: str) -> None:
    assert ask(client, "a", model=model).status_code == 200


def test_another_model_is_not_found(client: httpx.Client) -> None:
    assert "tiny" in refused(ask(client, "a", model="embed-v4.0"), 404)


WRONG: list[dict[str, Any]] = [
    {"texts": ["a"] * 97},
    {"texts": "a"},
    {"texts": ["a", 5]},
    {"texts": [[5, 6]]},
    {"texts": ...},
    {"model": ...},
    {"embedding_types": ["int4"]},
    {"embedding_types": []},
    {"embedding_types": "float"},
    {"input_type": "poem"},
    {"truncate": "MIDDLE"},
    {"truncate": "end"},
    {"output_dimension": 0},
    {"output_dimension": HIDDEN + 1},
    {"output_dimension": 7, "embedding_types": ["ubinary"]},
    {"output_dimension": 7, "embedding_types": ["float", "binary"]},
]


@pytest.mark.parametrize("changes", WRONG, ids=lambda changes: str(changes)[:40])
def test_wrong_requests_get_400_with_a_message(client: httpx.Client, changes: dict[str, Any]) -> None:
    assert len(refused(ask(client, "a", **changes), 400)) > 5


def test_bits_need_whole_bytes_and_others_do_not(client: httpx.Client) -> None:
    found = embeddings(client, "a", output_dimension=7, embedding_types=["float", "int8", "uint8", "base64"])
    assert len(found["int8"][0]) == len(found["float"][0]) == 7


def test_unknown_fields_are_ignored(client: httpx.Client) -> None:
    assert ask(client, "a", priority=5, images=None, max_tokens=5).status_code == 200

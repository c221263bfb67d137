"""Tokens in the dialect of text-embeddings-inference: shown, decoded, and taken in place of texts."""

from typing import Any

import httpx
import pytest

from tests.server.daemon import Daemon
from tests.server.dialects.test_text_embeddings_inference import EMBEDDING, embed, refused
from tests.server.texts import LONG, TEXTS, native, ok, rows, same
from tests.tiny import VOCABULARY


def test_tokens_say_their_places_in_bytes_and_decode_again(client: httpx.Client) -> None:
    texts = ["ab c", "é😀 x", "漢 a"]
    found = ok(embed(client, texts, "/tei/tokenize"))
    for text, tokens in zip(texts, found, strict=True):
        assert [set(one) for one in tokens] == [{"id", "text", "special", "start", "stop"}] * len(tokens)
        assert [(one["start"], one["stop"]) for one in (tokens[0], tokens[-1])] == [(None, None)] * 2
        for one in tokens[1:-1]:
            assert text.encode()[one["start"] : one["stop"]].decode() == one["text"]
    assert ok(embed(client, "ab c", "/tei/tokenize")) == found[:1]
    bare = ok(embed(client, texts, "/tei/tokenize", add_special_tokens=False))
    assert bare == [tokens[1:-1] for tokens in found]
    ids = [[one["id"] for one in tokens] for tokens in bare]
    decoded = ok(client.post("/tei/decode", json={"ids": [ids[0]]}))
    assert decoded == ok(client.post("/tei/decode", json={"ids": ids[0]}))
    assert decoded[0].replace(" ", "").replace("##", "") == "abc"


def test_tokens_are_never_cut_and_take_a_prompt(client: httpx.Client) -> None:
    (found,) = ok(embed(client, LONG, "/tei/tokenize"))
    assert len(found) == 122
    (prompted,) = ok(embed(client, "pizza", "/tei/tokenize", prompt_name="query"))
    (whole,) = ok(embed(client, "search: pizza", "/tei/tokenize"))
    assert prompted == whole


@pytest.mark.parametrize("path", EMBEDDING)
def test_ids_of_a_text_give_its_bits(ids: Daemon, path: str) -> None:
    with ids.client() as client:
        tokens = [[one["id"] for one in text] for text in ok(embed(client, TEXTS, "/tei/tokenize"))]
        assert same(rows(ok(embed(client, tokens, path))), native(client, *TEXTS))
        assert same(rows(ok(embed(client, tokens[2], path))), native(client, TEXTS[2]))
        assert same(rows(ok(embed(client, tokens, path, normalize=False))), native(client, *TEXTS, normalize=False))


def test_the_rows_of_ids_are_the_rows_of_their_text(ids: Daemon) -> None:
    with ids.client() as client:
        (tokens,) = ok(embed(client, TEXTS[1], "/tei/tokenize"))
        sequence = [one["id"] for one in tokens]
        assert ok(embed(client, [sequence], "/tei/embed_all")) == ok(embed(client, TEXTS[1], "/tei/embed_all"))


@pytest.mark.parametrize(("direction", "kept"), [("Right", slice(0, 48)), ("Left", slice(-48, None))])
def test_too_many_ids_are_cut_at_the_end_that_is_asked_for(ids: Daemon, direction: str, kept: slice) -> None:
    sequence = [4 + number % 90 for number in range(300)]
    with ids.client() as client:
        answer = embed(client, sequence, truncation_direction=direction)
        assert answer.headers["x-truncated-inputs"] == "1"
        assert same(rows(ok(answer)), rows(ok(embed(client, sequence[kept]))))
        refused(embed(client, sequence, truncate=False), 422, "Validation")


@pytest.mark.parametrize("given", [[-1], [len(VOCABULARY)], [[4], [10**12]], [[4], "a"], ["a", 4], [4, [4]]], ids=str)
def test_ids_that_the_model_has_not_and_mixtures_get_422(ids: Daemon, given: Any) -> None:
    with ids.client() as client:
        refused(embed(client, given), 422, "Validation")
        refused(embed(client, given, "/tei/embed_all"), 422, "Validation")


def test_a_prompt_cannot_be_put_before_ids(ids: Daemon) -> None:
    with ids.client() as client:
        refused(embed(client, [4, 5], prompt_name="query"), 422, "Validation")


@pytest.mark.parametrize("wrong", [[[4, -1]], [len(VOCABULARY)], [10**40], ["a"], [[4], 4], [4.5], "4", None])
def test_what_cannot_be_decoded_gets_422(client: httpx.Client, wrong: Any) -> None:
    refused(client.post("/tei/decode", json={"ids": wrong}), 422, "Validation")


@pytest.mark.parametrize("nothing", [[], [[]], [[4], []]], ids=str)
def test_no_ids_are_an_empty_request(client: httpx.Client, nothing: Any) -> None:
    refused(client.post("/tei/decode", json={"ids": nothing}), 400, "Empty")

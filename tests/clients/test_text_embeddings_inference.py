"""The clients of text-embeddings-inference: the Hub's in two versions, and langchain's and llama-index's."""

import numpy as np
import pytest

from tests.clients.native import Native, equal_bits
from tests.clients.programs import Ask
from tests.clients.texts import CUT_AT_THE_END, CUT_AT_THE_START, TEXTS

pytestmark = pytest.mark.e2e

hubs = pytest.mark.parametrize("name", ["huggingface-hub-1", "huggingface-hub-2"])
langchains = pytest.mark.parametrize("name", ["langchain-huggingface", "langchain-huggingface-1.2.1"])


@hubs
def test_one_text_is_answered_by_a_matrix_of_one_row(ask: Ask, name: str) -> None:
    assert ask(name).free.rows("one").shape == (1, 384)


@hubs
def test_ten_requests_at_once_get_the_bits_of_one(ask: Ask, name: str) -> None:
    found = ask(name).free
    assert all(equal_bits(one, found.rows("all")) for one in found.rows("ten at once"))


@hubs
@pytest.mark.parametrize("call", ["by an address that ends in a slash", "by the address of the route"])
def test_other_addresses_give_the_same_bits(ask: Ask, name: str, call: str) -> None:
    found = ask(name).free
    assert equal_bits(found.rows(call), found.rows("all"))


@hubs
def test_options_are_those_of_the_native_dialect(ask: Ask, native: Native, name: str) -> None:
    found = ask(name).free
    assert equal_bits(found.rows("not normalized"), native.rows(TEXTS, normalize=False))
    assert equal_bits(found.rows("cut to 128"), native.rows(TEXTS, dimensions=128))


@hubs
def test_the_start_or_the_end_of_a_long_text_is_cut_as_asked(ask: Ask, native: Native, name: str) -> None:
    found = ask(name).free
    assert equal_bits(found.rows("the end is kept"), native.rows(CUT_AT_THE_START))
    assert equal_bits(found.rows("the start is kept"), native.rows(CUT_AT_THE_END))


@hubs
def test_similarity_is_the_cosine(ask: Ask, native: Native, name: str) -> None:
    rows = native.rows(TEXTS)
    np.testing.assert_allclose(ask(name).free.rows("similarity"), rows @ rows[0], atol=1e-5)


@hubs
@pytest.mark.parametrize(
    ("call", "status", "words"),
    [
        ("nothing may be cut", 422, "256"),
        ("no text", 400, "empty"),
        ("an empty text", 400, "empty"),
        ("similar to nothing", 400, "empty"),
        ("more than allowed", 422, "2048"),
        ("385 dimensions", 422, "384"),
        ("an unknown prompt", 422, "nonsense"),
    ],
)
def test_what_cannot_be_embedded_says_why(ask: Ask, name: str, call: str, status: int, words: str) -> None:
    raised = ask(name).free.raised(call)
    assert raised.kind in {"HfHubHTTPError", "BadRequestError"}
    assert raised.status == status
    assert words in raised.message
    assert raised.request_id


@langchains
def test_langchain_gets_the_same_bits_async_and_with_options(ask: Ask, native: Native, name: str) -> None:
    found = ask(name).free
    assert equal_bits(found.rows("async"), native.rows(TEXTS))
    assert equal_bits(found.rows("not normalized"), native.rows(TEXTS, normalize=False))
    assert found.raised("nothing may be cut").status == 422


def test_langchain_took_an_address_as_its_model_once_and_refuses_it_now(ask: Ask) -> None:
    call = "an address as the model"
    assert ask("langchain-huggingface-1.2.1").free.value(call).endswith("/tei")
    assert "not a URL" in ask("langchain-huggingface").free.raised(call).message


@pytest.mark.parametrize("call", ["two at a time", "one by one", "async"])
def test_llama_index_gets_the_same_bits_in_any_number_of_requests(ask: Ask, call: str) -> None:
    found = ask("llama-index").free
    assert equal_bits(found.rows(call), found.rows("all"))


def test_llama_index_finds_no_vector_in_an_error(ask: Ask) -> None:
    assert ask("llama-index").free.raised("nothing may be cut").kind == "KeyError"

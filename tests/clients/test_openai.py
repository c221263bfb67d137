"""openai's clients for Python and JavaScript: both want base64 by default, and have an error class for each status."""

import base64

import numpy as np
import pytest

from tests.clients.native import Native, equal_bits
from tests.clients.programs import Ask, Outcomes
from tests.clients.texts import TEXTS

pytestmark = pytest.mark.e2e

MODEL, ALIAS = "all-MiniLM-L6-v2", "sentence-transformers/all-MiniLM-L6-v2"
both = pytest.mark.parametrize("name", ["openai", "openai-node"])


@pytest.fixture
def found(ask: Ask) -> Outcomes:
    return ask("openai").free


@both
def test_floats_have_the_bits_of_base64(ask: Ask, name: str) -> None:
    found = ask(name).free
    assert equal_bits(found.rows("as floats"), found.rows("all"))


def test_base64_that_was_asked_for_is_little_endian_float32(found: Outcomes, native: Native) -> None:
    rows = [np.frombuffer(base64.b64decode(text, validate=True), "<f4") for text in found.value("as base64")]
    assert equal_bits(np.array(rows, np.float32), native.rows(TEXTS))


@both
def test_ten_requests_at_once_get_the_bits_of_one(ask: Ask, name: str) -> None:
    found = ask(name).free
    rows = found.rows("ten at once")
    assert len(rows) == 10
    assert all(equal_bits(one, found.rows("all")) for one in rows)


@both
def test_fewer_dimensions_are_cut_and_normalized(ask: Ask, native: Native, name: str) -> None:
    rows = ask(name).free.rows("cut to 128")
    assert equal_bits(rows, native.rows(TEXTS, dimensions=128))
    beginning = native.rows(TEXTS)[:, :128]
    np.testing.assert_allclose(rows, beginning / np.linalg.norm(beginning, axis=1, keepdims=True), atol=1e-6)


@pytest.mark.parametrize("call", ["by an alias", "with fields of others"])
def test_aliases_and_fields_of_others_change_no_bit(found: Outcomes, call: str) -> None:
    assert equal_bits(found.rows(call), found.rows("all"))


def test_an_answer_names_its_model_and_counts_its_tokens(found: Outcomes, native: Native) -> None:
    tokens = native.tokens(TEXTS)
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    assert found.value("whole") == {"object": "list", "model": MODEL, "usage": usage}


def test_the_headers_tell_how_many_texts_were_cut(found: Outcomes) -> None:
    headers = found.value("headers")
    assert headers["x-truncated-inputs"] == "1"
    assert headers["x-request-id"]


@both
def test_an_error_has_the_id_that_the_log_has(ask: Ask, name: str) -> None:
    assert ask(name).free.raised("an unknown model").request_id


def test_2048_texts_are_answered_in_order(found: Outcomes, native: Native) -> None:
    count, ends = found.value("as many as allowed")
    assert count == 2048
    assert equal_bits(np.array(ends, np.float32), native.rows(TEXTS[:2]))


@pytest.mark.parametrize(
    "call", ["one more than allowed", "no text", "an empty text", "0 dimensions", "385 dimensions"]
)
def test_what_cannot_be_embedded_is_a_bad_request(found: Outcomes, call: str) -> None:
    raised = found.raised(call)
    assert (raised.kind, raised.status) == ("BadRequestError", 400)
    assert raised.param == ("dimensions" if "dimensions" in call else "input")
    assert raised.type == "invalid_request_error"


def test_too_many_texts_are_told_how_many_may_come(found: Outcomes) -> None:
    assert "2048" in found.raised("one more than allowed").message


@both
def test_dimensions_out_of_range_are_told_the_range(ask: Ask, name: str) -> None:
    raised = ask(name).free.raised("385 dimensions")
    assert (raised.kind, raised.status, raised.param) == ("BadRequestError", 400, "dimensions")
    assert "384" in raised.message


@both
def test_an_unknown_model_is_not_found_and_told_what_is_served(ask: Ask, name: str) -> None:
    raised = ask(name).free.raised("an unknown model")
    assert (raised.kind, raised.status, raised.code) == ("NotFoundError", 404, "model_not_found")
    assert raised.type == "invalid_request_error"
    assert MODEL in raised.message


@pytest.mark.parametrize(
    ("name", "call"), [("openai", "token ids"), ("openai", "lists of token ids"), ("openai-node", "token ids")]
)
def test_token_ids_are_refused_with_the_switch_that_sends_texts(ask: Ask, name: str, call: str) -> None:
    raised = ask(name).free.raised(call)
    assert (raised.kind, raised.status, raised.param) == ("BadRequestError", 400, "input")
    assert "check_embedding_ctx_length=False" in raised.message


@both
def test_the_served_model_is_listed_and_found(ask: Ask, name: str) -> None:
    found = ask(name).free
    models = found.value("models")
    assert MODEL in [model["id"] for model in models]
    for model in (*models, found.value("model")):
        assert model["object"] == "model"
        assert isinstance(model["created"], int)
        assert model["owned_by"]
    assert found.value("model")["id"] == MODEL


def test_a_model_is_found_by_an_alias_with_a_slash_and_another_is_not(found: Outcomes) -> None:
    assert found.value("a model by an alias")["id"] in {MODEL, ALIAS}
    raised = found.raised("no such model")
    assert (raised.kind, raised.code) == ("NotFoundError", "model_not_found")

"""cohere's ClientV2: six types of numbers, 96 texts at most, and which end of a text is kept."""

import base64

import numpy as np
import pytest

from tests.clients.native import Native, equal_bits
from tests.clients.programs import Ask, Outcomes, Rows
from tests.clients.texts import CUT_AT_THE_END, CUT_AT_THE_START, TEXTS

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def found(ask: Ask) -> Outcomes:
    return ask("cohere").free


@pytest.fixture(scope="module")
def rows(native: Native) -> Rows:
    return native.rows(TEXTS)


def typed(found: Outcomes, name: str) -> list[list[int]]:
    numbers: list[list[int]] = found.value("of every type")[name]
    assert all(isinstance(number, int) for row in numbers for number in row)
    return numbers


def test_ten_requests_at_once_get_the_bits_of_one(found: Outcomes, rows: Rows) -> None:
    assert all(equal_bits(one, rows) for one in found.rows("ten at once"))


def test_floats_and_base64_beside_other_types_have_the_same_bits(found: Outcomes, rows: Rows) -> None:
    of_every_type = found.value("of every type")
    assert equal_bits(np.array(of_every_type["float"], np.float32), rows)
    decoded = [np.frombuffer(base64.b64decode(text, validate=True), "<f4") for text in of_every_type["base64"]]
    assert equal_bits(np.array(decoded, np.float32), rows)


def test_int8_is_the_nearest_to_a_vector_whose_largest_number_is_127(found: Outcomes, rows: Rows) -> None:
    numbers = np.array(typed(found, "int8"))
    exact = 127 * rows.astype(np.float64) / np.abs(rows).max(axis=1, keepdims=True)
    assert np.abs(numbers - exact).max() <= 0.5 + 1e-4
    assert (np.abs(numbers).max(axis=1) == 127).all()


def test_uint8_is_int8_without_negative_numbers(found: Outcomes) -> None:
    assert (np.array(typed(found, "uint8")) == np.array(typed(found, "int8")) + 128).all()


def test_ubinary_is_a_bit_for_each_number_above_zero_and_binary_the_same_with_sign(found: Outcomes, rows: Rows) -> None:
    packed = np.packbits(rows > 0, axis=1).astype(int)
    assert packed.shape == (len(TEXTS), 48)
    assert (np.array(typed(found, "ubinary")) == packed).all()
    assert (np.array(typed(found, "binary")) == packed - 128).all()


def test_types_that_were_not_asked_for_are_not_there(found: Outcomes) -> None:
    alone = found.value("int8 alone")
    assert alone["int8"] == typed(found, "int8")
    assert [name for name, numbers in alone.items() if numbers is not None] == ["int8"]


def test_an_answer_has_an_id_its_texts_and_what_is_billed(found: Outcomes, native: Native) -> None:
    whole = found.value("whole")
    assert whole["id"]
    assert whole["texts"] == list(TEXTS)
    assert whole["meta"]["api_version"]["version"] == "2"
    assert whole["meta"]["billed_units"]["input_tokens"] == native.tokens(TEXTS)


def test_fewer_dimensions_are_those_of_the_native_dialect(found: Outcomes, native: Native) -> None:
    assert equal_bits(found.rows("cut to 128"), native.rows(TEXTS, dimensions=128))


def test_the_start_or_the_end_of_a_long_text_is_cut_as_asked(found: Outcomes, native: Native) -> None:
    assert equal_bits(found.rows("the end is kept"), native.rows(CUT_AT_THE_START))
    assert equal_bits(found.rows("the start is kept"), native.rows(CUT_AT_THE_END))


def test_a_long_text_of_which_nothing_may_be_cut_is_refused(found: Outcomes) -> None:
    raised = found.raised("nothing may be cut")
    assert (raised.kind, raised.status) == ("UnprocessableEntityError", 422)
    assert "256" in raised.body["message"]


def test_no_text_has_no_embeddings(found: Outcomes) -> None:
    assert found.value("no text") == []


def test_96_texts_are_answered_and_97_are_refused(found: Outcomes) -> None:
    assert found.value("96 texts") == 96
    raised = found.raised("97 texts")
    assert (raised.kind, raised.status) == ("BadRequestError", 400)
    assert "96" in raised.body["message"]


def test_an_unknown_model_is_not_found_and_told_what_is_served(found: Outcomes) -> None:
    raised = found.raised("an unknown model")
    assert (raised.kind, raised.status) == ("NotFoundError", 404)
    assert "all-MiniLM-L6-v2" in raised.body["message"]


@pytest.mark.parametrize("call", ["385 dimensions", "an unknown type"])
def test_what_cannot_be_embedded_is_a_bad_request_that_says_why(found: Outcomes, call: str) -> None:
    raised = found.raised(call)
    assert (raised.kind, raised.status) == ("BadRequestError", 400)
    assert raised.body["message"]

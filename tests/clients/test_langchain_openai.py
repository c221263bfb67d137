"""langchain-openai: it sends token ids of a vocabulary of OpenAI's unless it is told to send texts."""

import pytest

from tests.clients.native import Native, equal_bits
from tests.clients.programs import Ask, Outcomes
from tests.clients.texts import TEXTS

pytestmark = pytest.mark.e2e


@pytest.fixture
def found(ask: Ask) -> Outcomes:
    return ask("langchain-openai").free


@pytest.mark.parametrize("call", ["two at a time", "async"])
def test_texts_have_the_same_bits_in_any_number_of_requests(found: Outcomes, call: str) -> None:
    assert equal_bits(found.rows(call), found.rows("all"))


def test_fewer_dimensions_are_those_of_the_native_dialect(found: Outcomes, native: Native) -> None:
    assert equal_bits(found.rows("cut to 128"), native.rows(TEXTS, dimensions=128))


def test_token_ids_are_refused_with_the_switch_that_sends_texts(found: Outcomes) -> None:
    raised = found.raised("by default")
    assert (raised.kind, raised.status) == ("BadRequestError", 400)
    assert "check_embedding_ctx_length=False" in raised.message

"""What is true of every client: it gets the native bits, shows its key its own way, and is told what is wrong."""

import pytest

from tests.clients.environments import PROGRAMS
from tests.clients.native import Native, equal_bits
from tests.clients.programs import Ask
from tests.clients.texts import TEXTS

pytestmark = [pytest.mark.e2e, pytest.mark.parametrize("name", PROGRAMS)]

OPENAI = ("AuthenticationError", "PermissionDeniedError", "RateLimitError")
OLLAMA = ("ResponseError",) * 3
HUB = ("HfHubHTTPError",) * 3
# What each client raises on 401, 403 and 429. llama-index takes any answer for vectors, and finds none in an error.
ERRORS = {
    "openai": OPENAI,
    "cohere": ("UnauthorizedError", "ForbiddenError", "TooManyRequestsError"),
    "ollama": OLLAMA,
    "huggingface-hub-1": HUB,
    "huggingface-hub-2": HUB,
    "langchain-openai": OPENAI,
    "langchain-ollama": OLLAMA,
    "langchain-huggingface": HUB,
    "langchain-huggingface-1.2.1": HUB,
    "llama-index": ("KeyError",) * 3,
    "openai-node": OPENAI,
}
BLIND = "llama-index"


def test_one_text_and_several_have_the_bits_of_the_native_dialect(ask: Ask, native: Native, name: str) -> None:
    found = ask(name).free
    assert equal_bits(found.rows("one"), native.rows(TEXTS[:1]))
    assert equal_bits(found.rows("all"), native.rows(TEXTS))


def test_a_key_that_the_client_is_given_opens(ask: Ask, native: Native, name: str) -> None:
    assert equal_bits(ask(name).keyed.rows("all"), native.rows(TEXTS))


def test_a_wrong_key_raises_the_clients_own_error(ask: Ask, name: str) -> None:
    raised = ask(name).wrong_key.raised("one")
    assert raised.kind == ERRORS[name][0]
    assert raised.status == 401 or name == BLIND
    assert "Authorization: Bearer vecd_" in raised.message or name == BLIND


def test_a_key_without_the_scope_raises_the_clients_own_error(ask: Ask, name: str) -> None:
    raised = ask(name).other_key.raised("one")
    assert raised.kind == ERRORS[name][1]
    assert raised.status == 403 or name == BLIND
    assert "embed" in raised.message or name == BLIND


def test_asking_too_often_raises_the_clients_own_error(ask: Ask, name: str) -> None:
    raised = ask(name).limited.last.raised
    assert raised
    assert raised.kind == ERRORS[name][2]
    assert raised.status == 429 or name == BLIND
    assert "requests_per_minute" in raised.message or name == BLIND

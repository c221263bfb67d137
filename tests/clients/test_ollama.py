"""ollama's client, and langchain's around it: names with tags, the older route, and the lists of models."""

import pytest

from tests.clients.native import Native, equal_bits
from tests.clients.programs import Ask, Outcomes
from tests.clients.texts import TEXTS

pytestmark = pytest.mark.e2e

SAME = ["by the served name", "by a tag", "with options", "the old way"]


@pytest.fixture
def found(ask: Ask) -> Outcomes:
    return ask("ollama").free


def test_ten_requests_at_once_get_the_bits_of_one(found: Outcomes) -> None:
    assert all(equal_bits(one, found.rows("all")) for one in found.rows("ten at once"))


@pytest.mark.parametrize("call", SAME)
def test_other_names_options_and_the_older_route_change_no_bit(found: Outcomes, call: str) -> None:
    assert equal_bits(found.rows(call), found.rows("all"))


@pytest.mark.parametrize("name", ["ollama", "langchain-ollama"])
def test_fewer_dimensions_are_those_of_the_native_dialect(ask: Ask, native: Native, name: str) -> None:
    assert equal_bits(ask(name).free.rows("cut to 128"), native.rows(TEXTS, dimensions=128))


def test_an_answer_names_its_model_and_counts_tokens_and_nanoseconds(found: Outcomes, native: Native) -> None:
    whole = found.value("whole")
    assert whole["model"] == "all-minilm"
    assert whole["prompt_eval_count"] == native.tokens(TEXTS)
    assert whole["total_duration"] > 10_000
    assert whole["load_duration"] >= 0


def test_no_text_has_no_embeddings(found: Outcomes) -> None:
    assert found.value("no text") == []


@pytest.mark.parametrize("name", ["ollama", "langchain-ollama"])
def test_an_unknown_model_is_not_found_and_told_what_is_served(ask: Ask, name: str) -> None:
    found = ask(name).free
    calls = [
        "an unknown model",
        *(["the old way, an unknown model", "show an unknown model"] if name == "ollama" else []),
    ]
    for raised in map(found.raised, calls):
        assert (raised.kind, raised.status) == ("ResponseError", 404)
        assert "all-minilm" in raised.message


def test_a_long_text_of_which_nothing_may_be_cut_and_dimensions_out_of_range_are_refused(found: Outcomes) -> None:
    raised = found.raised("nothing may be cut")
    assert (raised.kind, raised.status) == ("ResponseError", 400)
    assert "256" in raised.message
    raised = found.raised("385 dimensions")
    assert (raised.kind, raised.status) == ("ResponseError", 400)
    assert "384" in raised.message


def test_the_served_model_is_listed_shown_and_running(found: Outcomes) -> None:
    for model in (*found.value("list"), *found.value("ps")):
        assert model["model"]
        assert len(model["digest"]) == 64
        assert model["size"] > 10_000_000
    assert "all-minilm:latest" in [model["model"] for model in found.value("list")]
    assert found.value("ps")
    show = found.value("show")
    assert show["capabilities"] == ["embedding"]
    assert show["details"]["family"] == "bert"
    assert show["modelinfo"]["bert.embedding_length"] == 384


def test_langchain_finds_the_model_in_the_list(ask: Ask) -> None:
    found = ask("langchain-ollama").free
    for call in ("async", "after a look at the list"):
        assert equal_bits(found.rows(call), found.rows("all"))
    raised = found.raised("a model that is not in the list")
    assert "all-minilm:latest" in raised.message

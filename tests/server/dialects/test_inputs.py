"""Texts or token ids, read from what a dialect was given."""

import time
from typing import Any

import pytest

from server.contract.embedding import Input
from server.contract.errors import EmptyInputError, InvalidInputError, UnacceptableInputError
from server.dialects.inputs import InputLimits, read_inputs

TAKEN = InputLimits(inputs=2048, ids=1_000_000, accept_token_ids=True)
REFUSED = InputLimits(inputs=2048, ids=1_000_000, accept_token_ids=False)

READ: dict[str, tuple[Any, list[Input]]] = {
    "one text": ("a", ["a"]),
    "a blank text": (" ", [" "]),
    "texts": (["a", "b", "a"], ["a", "b", "a"]),
    "one sequence of ids": ([5, 6], [(5, 6)]),
    "one id": ([0], [(0,)]),
    "sequences of ids": ([[5, 6], [7]], [(5, 6), (7,)]),
    "sequences with nothing but padding": ([[0], [0, 0]], [(0,), (0, 0)]),
}
EMPTY: dict[str, Any] = {
    "an empty text": "",
    "no texts": [],
    "an empty text among others": ["a", ""],
    "no ids": [[]],
    "no ids among others": [[5], []],
}
MIXED: dict[str, Any] = {
    "an id among texts": ["a", 5],
    "a text among ids": [5, "a"],
    "a sequence among texts": ["a", [5]],
    "a text among sequences": [[5], "a"],
    "a sequence among ids": [5, [5]],
    "an id among sequences": [[5], 5],
}


@pytest.mark.parametrize("case", READ)
def test_texts_and_ids_are_read_in_their_order(case: str) -> None:
    given, expected = READ[case]
    assert read_inputs(given, "input", TAKEN) == expected


@pytest.mark.parametrize("case", EMPTY)
def test_nothing_is_an_error_that_names_the_field(case: str) -> None:
    with pytest.raises(EmptyInputError, match=r"inputs(\[\d\])? is empty") as refused:
        read_inputs(EMPTY[case], "inputs", TAKEN)
    assert refused.value.parameter == "inputs"


@pytest.mark.parametrize("given", ["", [], ["a", ""]])
def test_no_text_is_an_error_without_the_switch_too(given: Any) -> None:
    with pytest.raises(EmptyInputError, match=r"input(\[\d\])? is empty"):
        read_inputs(given, "input", REFUSED)


@pytest.mark.parametrize("case", MIXED)
def test_texts_and_ids_are_not_mixed(case: str) -> None:
    with pytest.raises(InvalidInputError, match="mixes") as refused:
        read_inputs(MIXED[case], "input", TAKEN)
    assert refused.value.parameter == "input"


@pytest.mark.parametrize("given", [[5, 6], [[5, 6]], [0], ["a", [5]], [5, "a"]])
def test_ids_are_refused_without_the_switch_and_the_message_says_what_to_do(given: Any) -> None:
    with pytest.raises(InvalidInputError, match=r"check_embedding_ctx_length=False.*--accept-token-ids"):
        read_inputs(given, "input", REFUSED)


@pytest.mark.parametrize("given", [["a"] * 2049, [[5]] * 2049])
def test_more_than_the_limit_is_refused(given: Any) -> None:
    with pytest.raises(InvalidInputError, match=r"2049.*2048") as refused:
        read_inputs(given, "input", TAKEN)
    assert refused.value.parameter == "input"
    assert len(read_inputs(given[1:], "input", TAKEN)) == 2048


@pytest.mark.parametrize("given", [[5] * 9, [[5], [5] * 9]])
def test_a_sequence_of_ids_has_a_limit_of_its_own(given: Any) -> None:
    limits = InputLimits(inputs=2048, ids=8, accept_token_ids=True)
    with pytest.raises(UnacceptableInputError, match=r"9.*8") as refused:
        read_inputs(given, "input", limits)
    assert refused.value.parameter == "input"
    assert read_inputs([5] * 8, "input", limits) == [(5,) * 8]


@pytest.mark.parametrize("limits", [TAKEN, REFUSED])
@pytest.mark.parametrize("given", [[5] * 5_000_000, [[5]] * 5_000_000, ["a"] * 5_000_000, ["a", *[[5]] * 5_000_000]])
def test_what_is_refused_anyway_is_refused_before_it_is_converted(given: Any, limits: InputLimits) -> None:
    """It runs on the event loop; converting all of it would stop everybody for seconds."""
    start_s = time.perf_counter()
    with pytest.raises((InvalidInputError, UnacceptableInputError)):
        read_inputs(given, "input", limits)
    assert time.perf_counter() - start_s < 0.1

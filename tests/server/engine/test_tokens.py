"""Tokens with their places in the text's bytes, and back again."""

import asyncio
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from server.contract.errors import InvalidInputError
from server.engine.tokens import Tokens
from tests.tiny import MAX_TOKENS, VOCABULARY, tiny_tokenizer

CLS, SEP, UNK = (VOCABULARY.index(name) for name in ("[CLS]", "[SEP]", "[UNK]"))
PLACED = {
    "plain": ("ab c", [("a", 0, 1), ("b", 1, 2), ("c", 3, 4)]),
    "two bytes": ("é a", [("é", 0, 2), ("a", 3, 4)]),
    "three bytes": ("€ a", [("€", 0, 3), ("a", 4, 5)]),
    "four bytes": ("😀 a", [("😀", 0, 4), ("a", 5, 6)]),
    "a family of code points": ("👩‍👩‍👧 z", [("👩‍👩‍👧", 0, 18), ("z", 19, 20)]),
    "combining accents": ("e\u0301 a", [("e", 0, 1), ("a", 4, 5)]),
    "letters that grow in lower case": ("İ a", [("İ", 0, 2), ("a", 3, 4)]),
    "capitals": ("A", [("A", 0, 1)]),
    "another script": ("漢字 a", [("漢", 0, 3), ("字", 3, 6), ("a", 7, 8)]),
    "nothing but blanks": (" \t\n", []),
    "a NUL among letters": ("a\0b", [("a", 0, 1), ("b", 2, 3)]),
}


@pytest.fixture(scope="module")
def tokens() -> Iterator[Tokens]:
    tokens = Tokens(opened())
    yield tokens
    tokens.close()


def opened() -> Tokenizer:
    """Return the tokenizer as the server opens it: never padding."""
    tokenizer = tiny_tokenizer()
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)
    tokenizer.add_special_tokens(["[CLS]", "[SEP]"])
    return tokenizer


def describe(tokens: Tokens, *texts: str, special: bool = True) -> list[list[dict[str, Any]]]:
    found = asyncio.run(tokens.tokenize(texts, add_special_tokens=special))
    return [[msgspec.structs.asdict(token) for token in part] for part in found]


def decode(tokens: Tokens, *ids: list[int], skip: bool = True) -> list[str]:
    return asyncio.run(tokens.decode(ids, skip_special_tokens=skip))


@pytest.mark.parametrize("case", PLACED)
def test_a_token_is_where_its_bytes_are(tokens: Tokens, case: str) -> None:
    text, expected = PLACED[case]
    (found,) = describe(tokens, text, special=False)
    assert [(one["start"], one["stop"]) for one in found] == [(start, stop) for _, start, stop in expected]
    assert all(one["text"] == text.encode()[one["start"] : one["stop"]].decode() for one in found)
    assert not any(one["special"] for one in found)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(exclude_categories=["Cs"])))
def test_whatever_the_text_its_tokens_are_slices_of_its_bytes_in_order(tokens: Tokens, text: str) -> None:
    (found,) = describe(tokens, text, special=False)
    places = [(one["start"], one["stop"]) for one in found]
    assert places == sorted(places)
    for one in found:
        assert text.encode()[one["start"] : one["stop"]] == one["text"].encode()


@settings(deadline=None)
@given(
    parts=st.lists(st.sampled_from(["a", "é", "각", "漢", " ", "!", "[SEP]", "\u0301", "\u200b", "😀"]), min_size=1),
    spread=st.integers(1, 700),
    times=st.integers(1, 4),
)
def test_the_tokens_of_a_long_text_are_where_the_library_says(
    tokens: Tokens, parts: list[str], spread: int, times: int
) -> None:
    text = "".join(part * spread for part in parts) * times
    whole = opened()
    whole.no_truncation()
    expected = whole.encode(text, add_special_tokens=False)
    (found,) = describe(tokens, text, special=False)
    assert [one["id"] for one in found] == expected.ids
    assert [one["text"] for one in found] == [text[start:stop] for start, stop in expected.offsets]
    assert [one["start"] for one in found] == [len(text[:start].encode()) for start, _ in expected.offsets]


def test_special_tokens_are_said_to_be_and_have_no_place(tokens: Tokens) -> None:
    (found,) = describe(tokens, "a")
    nowhere = {"special": True, "start": None, "stop": None}
    assert found[0] == {"id": CLS, "text": "[CLS]"} | nowhere
    assert found[-1] == {"id": SEP, "text": "[SEP]"} | nowhere
    assert [one["special"] for one in found] == [True, False, True]


def test_an_unknown_token_is_a_token_of_the_text(tokens: Tokens) -> None:
    (found,) = describe(tokens, "漢", special=False)
    assert found == [{"id": UNK, "text": "漢", "special": False, "start": 0, "stop": 3}]


def test_nothing_is_cut_and_nothing_padded(tokens: Tokens) -> None:
    long, short = describe(tokens, "a " * 5 * MAX_TOKENS, "a")
    assert len(long) == 5 * MAX_TOKENS + 2
    assert len(short) == 3


def test_an_empty_text_has_special_tokens_or_none(tokens: Tokens) -> None:
    assert [len(one) for one in describe(tokens, "", "")] == [2, 2]
    assert describe(tokens, "", special=False) == [[]]
    assert describe(tokens) == []


def test_what_was_tokenized_decodes_to_the_text(tokens: Tokens) -> None:
    texts = ["hello world", "a", "x y z 1 2 3"]
    ids = [[one["id"] for one in found] for found in describe(tokens, *texts)]
    spaced = [text.replace(" ", "") for text in texts]
    assert [text.replace(" ", "").replace("##", "") for text in decode(tokens, *ids)] == spaced


def test_special_tokens_are_shown_where_that_is_wanted(tokens: Tokens) -> None:
    assert decode(tokens, [CLS, 4, SEP]) == ["a"]
    assert decode(tokens, [CLS, 4, SEP], skip=False) == ["[CLS] a [SEP]"]


@pytest.mark.parametrize("wrong", [-1, len(VOCABULARY), 10**30, -(10**30)])
def test_an_id_outside_the_vocabulary_is_an_error_wherever_it_is(tokens: Tokens, wrong: int) -> None:
    with pytest.raises(InvalidInputError, match=str(len(VOCABULARY))) as refused:
        decode(tokens, [4], [4, wrong])
    assert refused.value.parameter == "ids"


def test_long_texts_let_the_event_loop_turn(tokens: Tokens) -> None:
    async def longest_pause_s() -> float:
        loop, longest, last = asyncio.get_running_loop(), 0.0, None
        work = asyncio.create_task(tokens.tokenize(["é " * 250_000], add_special_tokens=True))
        while not work.done():
            now = loop.time()
            longest, last = max(longest, now - (last or now)), now
            await asyncio.sleep(0.001)
        await work
        return longest

    assert asyncio.run(longest_pause_s()) < 0.25

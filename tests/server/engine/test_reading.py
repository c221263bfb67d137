"""Long texts are cut and shortened: their tokens are the library's, and the work is that of few characters."""

import unicodedata
from collections.abc import Iterator
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tokenizers import AddedToken, Tokenizer, normalizers

from server.contract.embedding import TruncationSide
from server.engine.characters import ALONE, GONE, OTHER, SPACE, WORD, Characters
from server.engine.reading import LONG_CHARACTERS, PIECE_CHARACTERS, Reader
from tests.tiny import tiny_tokenizer

MEGABYTE = 1_000_000
# One word, white space, or neither, of any length.
ENDLESS = {
    "letters": "a",
    "Hangul": "한국어처리",
    "Arabic": "العربية",
    "Devanagari": "हिन्दी",
    "Thai": "ภาษาไทย",
    "emoji": "😀",
    "letters with accents": "ế",
    "letters and combining accents": "e\u0301",
    "nothing but accents": "\u0301",
    "white space": " \n",
    "white space and what is left out": " \u200b",
    "what is left out": "\u200b",
    "ligatures": "\ufdfa",
}
MARKS = ["\u302e", "\U0001d165", "\U0001d15e", "\u034f", "\u0301", "\u0316", "\u093c", "\u0f71", "\u07fd"]
ADDED = ["[UNK]", "[MASK]", "[SEP]", "[", "]", "UNK]", "[UN", "[UN\u0301K]"]
LIKELY = st.sampled_from(
    ["a", " ", "\n", "각", "漢", "!", "é", "İ", "ß", "😀", "\x00", "\u200b", "##ing", *MARKS, *ADDED]
)
ANY = st.characters(exclude_categories=["Cs"])
PART = st.tuples(st.one_of(LIKELY, ANY, st.text(ANY, max_size=3)), st.sampled_from([1, 2, 120, 300, 700]))


def opened() -> Tokenizer:
    tokenizer = tiny_tokenizer()
    tokenizer.no_padding()
    tokenizer.no_truncation()
    tokenizer.add_special_tokens(["[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    return tokenizer


TOKENIZER = opened()
READER = Reader(TOKENIZER)
CHARACTERS = Characters(TOKENIZER)


def ids_of(text: str) -> list[int]:
    return list(TOKENIZER.encode(text, add_special_tokens=False).ids)


def offsets_of(text: str) -> list[tuple[int, int]]:
    return list(TOKENIZER.encode(text, add_special_tokens=False).offsets)


@settings(deadline=None, max_examples=300)
@given(st.lists(PART, max_size=12), st.sampled_from(["right", "left"]))
@example([("\u302e", 1), ("\u0301", 300), ("\u034f", 1), ("\u0301", 300), ("\U0001d165", 1)], "right")
@example([("[UN", 1), ("\u0301", 700), ("K]", 700)], "right")
@example([("[UNK]", 700)], "left")
def test_the_pieces_of_a_text_have_its_tokens(parts: list[tuple[str, int]], side: TruncationSide) -> None:
    text = "".join(part * times for part, times in parts)
    pieces = [ids_of(piece.text) for piece in READER.pieces(text, side)]
    assert [one for ids in (pieces if side == "right" else pieces[::-1]) for one in ids] == ids_of(text)
    assert ids_of(READER.shorten(text)) == ids_of(text)


def has_moving_marks(text: str) -> bool:
    """Whether marks that stay change places with others: the library tells where they went, not where they stand."""
    marks = {one for one in unicodedata.normalize("NFD", text) if unicodedata.combining(one)}
    return any(unicodedata.category(one) != "Mn" or OTHER in CHARACTERS.kinds(one) for one in marks)


@settings(deadline=None)
@given(st.lists(PART, max_size=12))
@example([("\u302e", 1), ("\u0316", 120), ("a", 300)])
def test_the_tokens_of_a_piece_are_where_the_library_says(parts: list[tuple[str, int]]) -> None:
    text, found = "".join(part * times for part, times in parts), list[tuple[int, int]]()
    for piece in READER.pieces(text):
        kept = range(len(piece.text)) if piece.kept is None else piece.kept.tolist()
        assert "".join(text[piece.start + place] for place in kept) == piece.text
        found += [
            (piece.start + kept[start], piece.start + kept[stop - 1] + 1) for start, stop in offsets_of(piece.text)
        ]
    expected = offsets_of(text)
    assert [end for _, end in found] == [end for _, end in expected]
    if not has_moving_marks(text):
        assert found == expected
    for (one, _), (other, _) in zip(found, expected, strict=True):  # between both are marks alone
        assert not {WORD, SPACE, ALONE} & set(CHARACTERS.kinds(text[min(one, other) : max(one, other)]).tolist())


@pytest.mark.parametrize("side", ["right", "left"])
@pytest.mark.parametrize("case", ENDLESS)
def test_a_megabyte_of_one_word_is_the_work_of_few_characters(case: str, side: TruncationSide) -> None:
    text = ENDLESS[case] * (MEGABYTE // len(ENDLESS[case].encode()))
    pieces = list(READER.pieces(text, side))
    assert sum(len(piece.text) for piece in pieces) < 2 * PIECE_CHARACTERS
    assert [one for piece in pieces for one in ids_of(piece.text)] == ids_of(text)


@pytest.mark.parametrize("word", ["한국어", "漢字東京", "!", "word ", "[UNK]", "각" * 33 + " "])
def test_no_piece_is_much_longer_than_another(word: str) -> None:
    separated = word * 20_000 if word != "한국어" else "한국어 " * 20_000
    assert max(len(piece.text) for piece in READER.pieces(separated)) <= PIECE_CHARACTERS


def test_every_character_is_of_the_kind_that_the_library_says() -> None:
    characters, rng = Characters(TOKENIZER), Random(0)
    for _ in range(20):
        for one in rng.sample([*range(0x3000), *range(0xA000, 0xD800), *range(0xE000, 0x20000)], 100):
            kind, words = int(characters.kinds(chr(one))[0]), TOKENIZER.normalizer.normalize_str(f"b{chr(one)}b")
            parts = [word for word, _ in TOKENIZER.pre_tokenizer.pre_tokenize_str(words)]
            expected = {WORD: (1, True), GONE: (1, False), SPACE: (2, False), ALONE: (3, True)}
            if kind != OTHER:
                assert (len(parts), "".join(parts) != "bb") == expected[kind], hex(one)


def test_few_characters_are_of_no_sure_kind() -> None:
    characters = Characters(TOKENIZER)
    kinds = [
        int(kind)
        for code in range(0, 0x3000, 256)
        for kind in characters.kinds("".join(map(chr, range(code, code + 256))))
    ]
    assert kinds.count(OTHER) < 200


def others() -> Iterator[Tokenizer]:
    """Yield tokenizers about whose words nothing is known."""
    lower = opened()
    lower.normalizer = normalizers.Lowercase()
    yield lower
    normalized = opened()
    normalized.add_tokens([AddedToken("secret", normalized=True)])
    yield normalized
    letters = opened()
    letters.add_special_tokens(["secret"])
    yield letters


@pytest.mark.parametrize("tokenizer", list(others()))
def test_what_is_not_known_is_left_to_the_library(tokenizer: Tokenizer) -> None:
    text = "secret" * 5_000 + " " * 9_000
    assert [piece.text for piece in Reader(tokenizer).pieces(text)] == [text]


def test_short_texts_are_left_as_they_are() -> None:
    text = "a" * LONG_CHARACTERS
    assert READER.shorten(text) == text

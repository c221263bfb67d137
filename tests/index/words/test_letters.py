"""Letters made the same, words found among them, and what a query asks for."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from index.words.analysis import Analysis
from index.words.bm25 import LENGTHS, relevance, rounded
from index.words.letters import MAX_WORD_CHARACTERS, words_apart
from index.words.sought import Sought, sought_in, within_one_edit

ANALYSIS = Analysis()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Don't snake_case 3.14", "don t snake case 3 14"),
        ("“Quoted” — and more…", "quoted and more"),
        ("½ of ①", "1 2 of 1"),
        ("我是中国人 2024年", "我 我是 是 是中 中 中国 国 国人 人 2024 年"),
        ("ｱｲ用Python", "ア アイ イ イ用 用 python"),
        ("\x00\ufeff\u200d😀", ""),
    ],
)
def test_words_stand_apart(text: str, words: str) -> None:
    assert words_apart(text).split() == words.split()


def test_a_query_asks_for_pairs_alone() -> None:
    assert words_apart("中国人 人", pairs_alone=True).split() == ["中国", "国人", "人"]


@given(st.text())
@example("ＡｂＣ_ß ﬁ\u0345 नि")
def test_text_in_any_normal_form_has_the_same_words(text: str) -> None:
    forms = {words_apart(unicodedata.normalize(form, text)) for form in ("NFC", "NFD")}
    assert len({tuple(form.split()) for form in forms}) == 1


@given(st.text())
def test_stems_and_words_are_as_many_and_none_is_too_long(text: str) -> None:
    words = words_apart(text)
    assert len(ANALYSIS.stems(words)) == len(ANALYSIS.plain(words)) == len(words.split())
    assert all(len(word) <= MAX_WORD_CHARACTERS for word in words.split())


@given(st.text(), st.booleans(), st.booleans())
def test_a_text_that_has_words_asks_for_some(text: str, prefix: bool, typos: bool) -> None:
    assert bool(sought_in(text, ANALYSIS, prefix=prefix, typos=typos)) == bool(words_apart(text).strip())


def test_what_a_query_asks_for() -> None:
    assert sought_in('the running runner "new york" garde', ANALYSIS, prefix=True, typos=True) == Sought(
        stems={"run": 1, "runner": 1, "new": 1, "york": 1, "gard": 1},
        phrases=(("new", "york"),),
        beginning="garde",
        forgiven=("running", "runner", "garde"),
    )
    assert sought_in('"the who"', ANALYSIS) == Sought(
        stems={"the": 1, "who": 1}, phrases=(("the", "who"),), demanded=True
    )


@pytest.mark.parametrize(
    ("word", "other", "near"),
    [
        ("apple", "apple", True),
        ("apple", "aple", True),
        ("apple", "applet", True),
        ("apple", "epple", True),
        ("apple", "appel", True),
        ("apple", "paple", True),
        ("apple", "ape", False),
        ("apple", "elppa", False),
        ("apple", "eppel", False),
        ("", "a", True),
        ("", "ab", False),
    ],
)
def test_one_edit(word: str, other: str, near: bool) -> None:
    assert within_one_edit(word, other) == within_one_edit(other, word) == near


def test_lengths_are_rounded_down_to_one_of_256() -> None:
    assert len(LENGTHS) == 256
    assert [rounded(length) for length in (0, 1, 40, 41, 43, 57, 1_000_000)] == [0, 1, 40, 40, 42, 56, 983_064]
    assert relevance(1, 100, 100) == pytest.approx(1, rel=0.02)

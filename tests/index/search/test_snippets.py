"""Snippets against a naive reading of what they promise: the best window, whole words, nothing outside its passage."""

import itertools
import random
import unicodedata
from collections.abc import Iterator

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index import Collection, Entry, Passages, Query, QueryError, check_content
from index.documents.passages import Passage
from index.documents.query import Snippet
from index.search.snippets import (
    ENOUGH_CHARACTERS,
    MAX_CHARACTERS,
    MAX_WORDS_TOGETHER,
    SLICE_CHARACTERS,
    Snippets,
)
from index.search.windows import Occurrence, best_window
from index.words.analysis import Analysis
from index.words.edges import is_edge
from index.words.letters import words_apart
from index.words.sought import sought_in
from index.words.terms import Terms
from tests.index.harness import entry, open_index
from tests.index.vectors import one

ANALYSIS = Analysis()
FILLER = "Lorem ipsum dolor sit amet. "


def terms(query: str) -> Terms:
    return Terms(sought_in(query, ANALYSIS), ANALYSIS)


def snippet(
    text: str, query: str | None, size: int = 40, passage: tuple[int, int] | None = None, *, beyond: bool = True
) -> Snippet:
    made = Snippets(size, None if query is None else terms(query), 1, beyond=beyond)
    return made.of(text, None if passage is None else Passage(*passage))


def marked(found: Snippet) -> list[str]:
    return [found.text[start:end] for start, end in found.marks]


STARTS = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 12), st.sampled_from("abcd")), max_size=14)


@given(STARTS, st.integers(3, 30))
def test_the_best_window_is_that_of_most_terms_then_most_words_then_the_earliest(
    given_: list[tuple[int, int, str]], size: int
) -> None:
    found: list[Occurrence] = []
    for start, length, term in sorted(given_):
        if not found or start >= found[-1][1]:
            found.append((start, start + length, term))
    windows = []
    for first, last in itertools.combinations_with_replacement(range(len(found)), 2):
        within = [one_ for one_ in found[first : last + 1] if one_[1] - one_[0] <= size]
        if within and within[-1][1] - within[0][0] <= size:
            windows.append((len({term for _, _, term in within}), len(within), -within[0][0]))
    window = best_window(found, size)
    assert (None if window is None else (window.terms, window.words, -window.start)) == max(windows, default=None)


def test_it_begins_with_the_sentence_and_ends_with_a_word() -> None:
    text = f"{FILLER * 5}Butter melts in the oven. Then it goes on and on for long. {FILLER * 5}"
    found = snippet(text, "melted butter", 45)
    assert found == Snippet("Butter melts in the oven. Then it goes on and", 140, 185, ((0, 6), (7, 12)))
    assert text[found.start : found.end] == found.text
    assert snippet(text, "melted butter", 44).text == "Butter melts in the oven. Then it goes on"
    lines = "first line\n\nsecond line of butter\nthird line" + " more" * 20
    assert snippet(lines, "butter", 30).text == "second line of butter\nthird"


def test_where_no_sentence_begins_near_it_begins_with_a_word_before() -> None:
    text = "word " * 100 + "butter " + "more " * 100
    found = snippet(text, "butter", 50)
    assert found.text.startswith("word word")
    assert "butter" in found.text
    assert 40 <= len(found.text) <= 50
    assert (text[found.start - 1], text[found.end]) == (" ", " ")


def test_near_the_end_it_is_as_long_as_elsewhere() -> None:
    text = FILLER * 20 + "The end is butter."
    assert len(snippet(text, "butter", 100).text) > 70
    assert snippet(text, "butter", 100).text.endswith("The end is butter.")


def test_the_window_with_more_different_words_wins_over_many_of_one() -> None:
    text = "apple apple apple apple. " + FILLER * 10 + "apple pear. " + FILLER * 10 + "apple pear pear."
    assert marked(snippet(text, "apples pears", 40)) == ["apple", "pear", "pear"]
    assert marked(snippet(text, "apples", 40)) == ["apple"] * 4


def test_the_passage_is_looked_through_first_and_never_left() -> None:
    text = "apple pear. " + FILLER * 4 + "One apple here. " + FILLER * 4
    start = text.index("One")
    passage = (start, start + 60)
    for beyond in (True, False):
        found = snippet(text, "apple pear", 200, passage, beyond=beyond)
        assert marked(found) == ["apple"]
        assert passage[0] <= found.start < found.end <= passage[1]
        assert found.text.startswith("One apple here.")


@pytest.mark.parametrize("place", ["before", "after"])
def test_without_a_word_in_the_passage_the_rest_is_looked_through_where_words_have_ranked(place: str) -> None:
    text = f"apple one. {FILLER * 9}" if place == "before" else f"{FILLER * 9}apple one."
    passage = (60, 120)
    assert marked(snippet(text, "apple", 40, passage)) == ["apple"]
    alone = snippet(text, "apple", 40, passage, beyond=False)
    assert (alone.marks, alone.text) == ((), text[passage[0] :].split(" ", 1)[1][: len(alone.text)])
    assert snippet(text, "zebra", 40, passage) == alone
    assert snippet(text, None, 40, passage) == alone


def test_without_any_word_it_is_the_beginning() -> None:
    assert snippet("  \n the beginning of all", "zebra", 20) == Snippet("the beginning of all", 4, 24)
    assert snippet("", "zebra").text == snippet(" \n", "").text == ""
    assert snippet("x" * 100, "zebra", 30) == Snippet("x" * 30, 0, 30)


@pytest.mark.parametrize(
    ("text", "query", "expected"),
    [
        ("我住在北京市。" * 3, "北京市", ["北京市"] * 3),
        ("Die Straße, die STRASSE", "strasse", ["Straße", "STRASSE"]),
        ("cafe\u0301 and cafés", "café", ["cafe\u0301", "cafés"]),
        ("用Python写程序", "python 程序", ["Python", "程序"]),
        ("hyphen\u00adation", "hyphenation", ["hyphen\u00adation"]),
    ],
)
def test_marks_are_in_order_and_apart(text: str, query: str, expected: list[str]) -> None:
    found = snippet(text, query)
    assert marked(found) == expected
    assert all(end <= start for (_, end), (start, _) in itertools.pairwise(found.marks))


WORDS = ("apple", "pear", "plums", "Straße", "北京市", "กิน", "cafe\u0301", "नमस्ते", "한국어", "👩\u200d💻", "x" * 70)


def made_up(random_: random.Random) -> str:
    parts = (random_.choice(WORDS) + random_.choice((" ", " ", " ", ". ", "\n", "", "。")) for _ in range(120))
    return "".join(parts)


def test_of_texts_of_many_scripts_all_that_is_promised_holds() -> None:
    random_ = random.Random(2)
    for number in range(400):
        text, size = made_up(random_)[: random_.randint(1, 1_000)], random_.choice((20, 21, 33, 80, 300))
        query = " ".join(random_.sample(WORDS, random_.randint(1, 3)))
        start = random_.randrange(len(text))
        passage = None if number % 2 else (start, random_.randint(start + 1, len(text)))
        found = snippet(text, query, size, passage, beyond=number % 3 > 0)
        looked_at = text if passage is None else text[passage[0] : passage[1]]
        check(text, looked_at, query, size, found)
        if passage is None:
            stems = set(ANALYSIS.stems_of(text)) & set(sought_in(query, ANALYSIS).stems)
            assert (not stems) == (not found.marks) or "x" * 70 in query, (text, query)


def check(text: str, looked_at: str, query: str, size: int, found: Snippet) -> None:
    assert text[found.start : found.end] == found.text
    assert len(found.text) <= size
    assert found.text or len(looked_at.strip()) < 3
    assert found.text == found.text.strip()
    for place in (found.start, found.end):
        cut = 0 < place < len(text) and unicodedata.category(text[place]).startswith("M")
        assert not cut, (text, found)
    if len(looked_at) > 60 and max(map(len, words_apart(looked_at).split())) <= size:  # else a word may be cut
        assert is_edge(text, found.start)
        assert is_edge(text, found.end)
    sought = sought_in(query, ANALYSIS).stems
    for part in marked(found):
        assert set(ANALYSIS.stems_of(part)) & sought.keys(), (part, query)
    unmarked = "".join(
        letter for at, letter in enumerate(found.text) if not any(start <= at < end for start, end in found.marks)
    )
    assert len(unmarked) == len(found.text) - sum(end - start for start, end in found.marks)
    assert bool(found.marks) == bool(set(ANALYSIS.stems_of(found.text)) & sought.keys())


def test_long_texts_are_looked_through_as_far_as_is_said() -> None:
    far = "word " * (MAX_CHARACTERS // 5 - 10) + "needle " + "word " * 1_000
    assert marked(snippet(far, "needle")) == ["needle"]
    farther = "word " * (MAX_CHARACTERS // 5 + 10) + "needle"
    assert snippet(farther, "needle").start == 0
    made = Snippets(40, terms("needle"), 1_000, beyond=True)
    assert made.of("word " * 1_000 + "needle", None).start == 0
    assert marked(made.of("word " * 700 + "needle", None)) == ["needle"]


@pytest.mark.parametrize("letter", ["x ", "京", "é "])
def test_words_at_the_borders_of_what_is_looked_at_together_are_found(letter: str) -> None:
    for shift in range(40):
        before = letter * ((SLICE_CHARACTERS - 20) // len(letter)) + (
            "京" * shift if letter == "京" else "y" * shift + " "
        )
        for query in ("needle", "北市"):
            assert marked(snippet(f"{before}{query} z", query)) == [query]
            assert marked(snippet(f"{'x ' * 300}{query} {before}{query} {query}", query)) == [query] * 2


def test_once_enough_is_read_a_window_with_all_words_is_good_enough() -> None:
    text = "apple. " + "word " * (ENOUGH_CHARACTERS // 5 - 100) + "apple apple. " + "word " * 900 + "apple " * 5
    assert len(snippet(text, "apple").marks) == 2
    assert len(snippet(text, "apple missing").marks) == 5


@pytest.fixture(scope="module")
def collection() -> Iterator[Collection]:
    index = open_index(None)
    text = f"Apples are red. {FILLER * 6}Pears are green. {FILLER * 6}Plums are blue."
    middle = text.index("Pears")
    spans = ((0, middle), (middle, text.index("Plums")), (text.index("Plums"), len(text)))
    content = check_content("fruit", text, {"kind": "note"})
    vectors = Passages(np.stack([one(1), one(2), one(3)]), spans)
    index.collection().put_many([Entry(content, vectors), entry("other", [9], "nothing of that")]).result()
    yield index.collection()
    index.close()


@pytest.mark.parametrize("mode", ["vector", "hybrid", "text"])
def test_searches_show_where_the_words_stand(collection: Collection, mode: str) -> None:
    asked = Query(mode=mode, vector=one(2), text="pear", snippet=60, top_k=1)  # type: ignore[arg-type]
    (hit,) = collection.search(asked)
    assert hit.id == "fruit"
    assert hit.snippet is not None
    assert hit.snippet.text.startswith("Pears are green.")
    assert hit.snippet.marks == ((0, 5),)
    assert hit.text[hit.snippet.start : hit.snippet.end] == hit.snippet.text
    assert collection.search(Query(mode=mode, vector=one(2), text="pear"))[0].snippet is None  # type: ignore[arg-type]


def test_each_mode_falls_back_as_it_says(collection: Collection) -> None:
    (near,) = collection.search(Query(vector=one(2), text="plum", snippet=30, top_k=1))
    (silent,) = collection.search(Query(vector=one(2), snippet=30, top_k=1))
    (both,) = collection.search(Query(mode="hybrid", vector=one(2), text="plum", snippet=30, top_k=1))
    assert near.snippet == silent.snippet
    assert near.snippet is not None
    assert (near.snippet.text, near.snippet.marks) == ("Pears are green. Lorem ipsum", ())
    assert both.snippet is not None
    assert both.snippet.text.endswith("Plums are blue.")
    assert marked(both.snippet) == ["Plums"]


def test_no_more_of_a_text_is_looked_at_than_holds_so_many_words() -> None:
    """Many hits that hold little but what is looked for would take the longest."""
    looked_at = 0

    class Counted(Terms):
        def found_in(self, text: str) -> list[Occurrence]:
            nonlocal looked_at
            looked_at += len(text)
            return super().found_in(text)

    sought = Counted(sought_in("x nowhere", ANALYSIS), ANALYSIS)
    found = Snippets(40, sought, 100, beyond=True).of("x " * MAX_CHARACTERS, None)
    assert len(found.marks) == 20
    assert looked_at < 4 * MAX_WORDS_TOGETHER / 100
    rare = Snippets(40, terms("x nowhere"), 100, beyond=True).of("lorem " * 5_000 + "x nowhere", None)
    assert marked(rare) == ["x", "nowhere"]


def test_without_texts_there_are_snippets_all_the_same_and_they_and_their_marks_count(collection: Collection) -> None:
    asked = Query(mode="text", text="plum", snippet=30, texts=False, metadata=False, max_bytes=40)
    (hit,) = collection.search(asked)
    assert (hit.text, hit.metadata, hit.characters) == ("", {}, len(collection.get("fruit").text))  # type: ignore[union-attr]
    assert hit.snippet is not None
    assert hit.snippet.text == "Plums are blue."
    with pytest.raises(QueryError, match="the snippets of 1 hits take more than 39 bytes"):
        collection.search(msgspec.structs.replace(asked, max_bytes=39))

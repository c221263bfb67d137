"""Places of words: all that the analysis of a text finds stands where it is said to, in any script."""

import random
import unicodedata
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from index.words.analysis import Analysis
from index.words.edges import is_edge
from index.words.letters import MAX_WORD_CHARACTERS, words_apart
from index.words.places import places_of, spaced, units
from index.words.sought import sought_in
from index.words.terms import Terms
from tests.index.words.test_scripts import SCRIPTS

BLOCKS = (
    *((0x20, 0x7F), (0xA0, 0x250), (0x250, 0x600), (0x600, 0x780), (0x900, 0xE00), (0xE00, 0x1100), (0x1100, 0x1200)),
    *((0x1200, 0x1800), (0x1800, 0x2000), (0x2000, 0x2C00), (0x2C00, 0x3200), (0x3200, 0x4E20), (0xA000, 0xD7FF)),
    *((0xE000, 0x10000), (0x10000, 0x20000), (0xE0000, 0xE0200)),
)
BETWEEN = " \u0301\u200d\u00ad_\n.,’\u00a0\u200b"
ANALYSIS = Analysis()


def made_up(random_: random.Random) -> str:
    """A text of one to three blocks of Unicode."""
    blocks = random_.choices(BLOCKS, k=random_.randint(1, 3))
    letters = [
        chr(random_.randrange(*random_.choice(blocks))) if random_.random() < 0.85 else random_.choice(BETWEEN)
        for _ in range(random_.randint(1, 40))
    ]
    return "".join(letters)


def texts() -> Iterator[str]:
    random_ = random.Random(1)
    yield from (made_up(random_) for _ in range(3_000))
    yield from (text for _, right, wrong in SCRIPTS.values() for text in (right, wrong, f"{right}, {wrong}"))
    yield "x" * (2 * MAX_WORD_CHARACTERS + 3) + " é" + "ж" * (MAX_WORD_CHARACTERS + 1)


def check(text: str) -> None:
    found = list(places_of(text))
    words = words_apart(text).split()
    assert [word for word, _, _ in found] == words
    assert ANALYSIS.stems(" ".join(word for word, _, _ in found)) == ANALYSIS.stems_of(text)
    for word, start, end in found:
        assert 0 <= start < end <= len(text)
        alone = start == 0 or spaced(text)[start - 1].isspace()
        assert alone or not unicodedata.category(text[start]).startswith("M")
        if len(word) < MAX_WORD_CHARACTERS // 2:
            assert word in words_apart(text[start:end]).split(), (word, text[start:end])
    for wanted in ({word} for word in dict.fromkeys(words[:4])):
        assert list(places_of(text, wanted)) == [place for place in found if place[0] in wanted]


def test_every_word_of_texts_in_any_script_has_its_place() -> None:
    for text in texts():
        check(text)


@given(st.text())
@example("a´b ½ ŉ ﬃ İ ΐ ᾳ")
@example("ｶﾞｷﾞ ㄱㅏ 각 \u1100\u1161\u11a8")
@example("\u0301a\u00ad\u0301b")
def test_every_word_of_any_text_has_its_place(text: str) -> None:
    check(text)


@given(st.text())
def test_units_make_up_the_text_and_none_begins_with_a_mark(text: str) -> None:
    found = list(units(text))
    assert "".join(text[start:end] for start, end in found) == text
    assert not any(unicodedata.combining(text[start]) for start, _ in found[1:])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The cats’ café.", [("the", "The"), ("cats", "cats"), ("café", "café")]),
        ("cafe\u0301 na\u0131ve", [("café", "cafe\u0301"), ("naıve", "na\u0131ve")]),
        ("hyphen\u00adation, ﬁne", [("hyphenation", "hyphen\u00adation"), ("fine", "ﬁne")]),
        ("Straße_2", [("strasse", "Straße"), ("2", "2")]),
        ("北京市", [("北", "北"), ("北京", "北京"), ("京", "京"), ("京市", "京市"), ("市", "市")]),
        ("用Python写", [("用", "用"), ("python", "Python"), ("写", "写")]),
        ("ﾊﾟﾝ", [("パ", "ﾊﾟ"), ("パン", "ﾊﾟﾝ"), ("ン", "ﾝ")]),
    ],
)
def test_places_in_figures(text: str, expected: list[tuple[str, str]]) -> None:
    found = [(unicodedata.normalize("NFC", word), text[start:end]) for word, start, end in places_of(text)]
    assert found == expected


def said(text: str, query: str, *, prefix: bool = False, typos: bool = False) -> list[tuple[str, str]]:
    """What is found of a query in a text, as it was written, and the terms that it answers."""
    terms = Terms(sought_in(query, ANALYSIS, prefix=prefix, typos=typos), ANALYSIS)
    return [(text[start:end], term) for start, end, term in terms.found_in(text)]


def test_words_answer_by_their_stems_and_stop_words_do_not() -> None:
    text = "The Pineapple and the pineapples’ pine."
    assert said(text, "the pineapples") == [("Pineapple", "pineappl"), ("pineapples", "pineappl")]
    assert said("what is the", "what is the") == [("what", "what"), ("is", "is"), ("the", "the")]
    assert said(text, "") == []


def test_beginnings_and_edits_answer_as_the_search_takes_them() -> None:
    text = "Kubernetes, kubernets and the cube; garden, gardener"
    assert said(text, "kubernetes") == [("Kubernetes", "kubernet"), ("kubernets", "kubernet")]
    assert said(text, "kubernetas", typos=True) == [("Kubernetes", "kuberneta"), ("kubernets", "kuberneta")]
    assert said(text, "kubernetez") == []
    assert said(text, "garde", prefix=True) == [("garden", "gard"), ("gardener", "gard")]
    assert said(text, "garde") == []
    assert said("gardn éclairs", "eclair garden", typos=True) == [("gardn", "garden"), ("éclairs", "eclair")]


@pytest.mark.parametrize("name", SCRIPTS)
def test_what_a_search_finds_in_any_script_has_a_place(name: str) -> None:
    query, right, wrong = SCRIPTS[name]
    assert said(right, query)
    assert not said(wrong, query)


@pytest.mark.parametrize("more", ["", "é"])
def test_pieces_of_words_that_are_too_long_are_found(more: str) -> None:
    text = f"{more} {'x' * MAX_WORD_CHARACTERS}yz"
    assert said(text, "yz") == [("yz", "yz")]


def test_texts_read_before_say_the_same_again() -> None:
    terms = Terms(sought_in("über москва 北京 cat", ANALYSIS), ANALYSIS)
    text = "Über Москва, 北京市 cats über"
    first = terms.found_in(text)
    assert [text[start:end] for start, end, _ in first] == ["Über", "Москва", "北京", "cats", "über"]
    assert terms.found_in(text) == first
    assert terms.found_in("nothing Über") == [(8, 12, first[0][2])]
    assert terms.found_in("нет") == []


@given(st.text(st.sampled_from("aé 北京จั\u0301\u200d\u00ad,👩💻\U0001f3fd\n가\u1100\u1161"), max_size=12))
def test_an_edge_parts_no_word_and_no_mark_from_its_letter(text: str) -> None:
    for place in range(1, len(text)):
        if is_edge(text, place):
            assert not unicodedata.category(text[place]).startswith("M")
            assert text[place - 1] != "\u200d"
            apart = [word for half in (text[:place], text[place:]) for word in words_apart(half).split()]
            whole = words_apart(text).split()
            assert Counter(apart) <= Counter(whole)

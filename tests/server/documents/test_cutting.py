"""Long texts are cut at their own boundaries into passages that the model reads whole."""

import re
import time
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.documents.boundaries import ranges_of
from server.documents.cutting import Cutter
from tests.tiny import tiny_tokenizer

TOKENIZER = tiny_tokenizer()
COUNTING = tiny_tokenizer()
COUNTING.no_truncation()
COUNTING.no_padding()
MODEL = 256
# What a cut could split or a parser trip over: words, marks, scripts without spaces, control characters, Markdown.
PIECES = [
    "a",
    "word ",
    "x" * 120,
    "!",
    ". ",
    "it's ",
    '"so" ',
    " ",
    "\n",
    "\n\n",
    "\r\n",
    "\t",
    "é",
    "e\u0301",
    "\u0301",
]
PIECES += [
    "東京",
    "東京。",
    "ß",
    "\u200b",
    "\u00a0",
    "\u2028",
    "👨\u200d👩\u200d👧",
    "한국어",
    "[SEP]",
    "\x00",
    "# ",
    "## b\n",
    "```\n",
]
PIECES += ["> ", "- ", "* ", "|", "---\n", "===\n", "<a ", "&amp;", "[a](b)", "**", "_", "Sentence one is here. "]
TEXTS = st.lists(st.tuples(st.sampled_from(PIECES), st.integers(1, 60)), max_size=25).map(
    lambda parts: "".join(piece * count for piece, count in parts)
)


def tokens(text: str) -> int:
    return len(COUNTING.encode(text).ids)


@given(
    text=TEXTS, most=st.integers(2, 60), overlap=st.integers(0, 20), prompt=st.sampled_from([None, "", "of: ", "of"])
)
@settings(max_examples=200)
def test_passages_cover_a_text_in_order_within_their_limits(
    text: str, most: int, overlap: int, prompt: str | None
) -> None:
    overlap = min(overlap, most - 1)
    cutter = Cutter(TOKENIZER, 48, prompt)
    found = cutter.cut(text, most, overlap)
    assert found == Cutter(TOKENIZER, 48, prompt).cut(text, most, overlap)
    assert bool(found) == bool(text)
    assert [0, *(end for _, end in found)][-1] == len(text)
    assert all(start == 0 for start, _ in found[:1])
    for (start, end), (following, last) in pairwise(found):
        assert start < following <= end < last
        assert tokens(text[following:end]) - tokens("") <= overlap
    for start, end in found:
        alone = tokens((prompt or "") + text[start:end])
        assert alone <= 48 or end - start == 1
        assert alone - tokens(prompt or "") <= most or end - start == 1
        assert text[start:end].strip() or not text.strip()


@given(text=TEXTS, capacity=st.integers(1, 300), share=st.floats(0, 0.5))
@settings(max_examples=200)
def test_ranges_cover_a_text_in_order(text: str, capacity: int, share: float) -> None:
    found = ranges_of(text, capacity, int(capacity * share))
    covered = 0
    for start, end in found:
        assert start <= covered < end
        assert end - start <= capacity
        covered = end
    assert covered == len(text)


HEADED = "\n\n".join(
    f"{'#' * (1 + section % 3)} Heading {section}\n\n"
    + "\n\n".join(
        " ".join(f'It\'s "{number}" of *{part}*, it is.' for number in range(3)) for part in range(2 + section % 3)
    )
    for section in range(12)
)


def test_passages_begin_at_headings_and_paragraphs_where_paragraphs_fit() -> None:
    found = Cutter(TOKENIZER, MODEL).cut(HEADED, 200, 50)
    assert len(found) > 10
    for start, _ in found[1:]:
        assert HEADED[start - 2 : start] == "\n\n"
    # A heading stands before what it is of, not after what was before.
    assert not any(re.search(r"#+ Heading \d+\s*$", HEADED[start:end]) for start, end in found)


def test_passages_of_a_long_paragraph_begin_and_end_with_sentences() -> None:
    text = " ".join(f'It\'s the "number" {number} of these (it is).' for number in range(100))
    found = Cutter(TOKENIZER, MODEL).cut(text, 200, 50)
    assert len(found) > 10
    assert all(text[start:].startswith("It's the") for start, _ in found)
    assert all(text[:end].rstrip().endswith("(it is).") for _, end in found)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_line_that_ends_inside_a_sentence_is_no_boundary(end: str) -> None:
    sentences = [f"This is sentence {number}, which goes on for longer than its line does." for number in range(60)]
    words = " ".join(sentences).split(" ")
    text = end.join(" ".join(words[at : at + 11]) for at in range(0, len(words), 11))
    found = Cutter(TOKENIZER, MODEL).cut(text, 200, 50)
    assert len(found) > 10
    assert all(text[start:].startswith("This") for start, _ in found)


def test_lines_of_a_list_stay_whole() -> None:
    text = "\n".join(f"- item number {number} of the list" for number in range(100))
    assert all(text[start:].startswith("- item") for start, _ in Cutter(TOKENIZER, MODEL).cut(text, 200, 50))


def test_passages_overlap_where_sentences_are_short_enough() -> None:
    text = "It is so. " * 200
    found = Cutter(TOKENIZER, MODEL).cut(text, 200, 50)
    assert all(before[1] > after[0] for before, after in pairwise(found))
    none = Cutter(TOKENIZER, MODEL).cut(text, 200, 0)
    assert all(before[1] == after[0] for before, after in pairwise(none))
    assert len(none) < len(found)


def test_a_passage_is_never_longer_than_the_model_whatever_is_asked() -> None:
    text = "It is so. " * 200
    assert all(tokens(text[start:end]) <= 48 for start, end in Cutter(TOKENIZER, 48).cut(text, 10_000, 9_999))


@pytest.mark.parametrize(("most", "overlap"), [(0, 0), (10, 10), (10, -1)])
def test_sizes_that_make_no_sense_are_refused(most: int, overlap: int) -> None:
    with pytest.raises(ValueError, match="overlap"):
        Cutter(TOKENIZER, 48).cut("a", most, overlap)


def test_a_prompt_that_leaves_no_room_is_refused() -> None:
    with pytest.raises(ValueError, match="48"):
        Cutter(TOKENIZER, 48, "a" * 46)


SIZE = 200_000
HARD = {
    "one word": "a",
    "line ends": "\n",
    "spaces": " ",
    "NUL": "\x00",
    "marks": "\u0301",
    "emoji": "\u200d👩",
    "Chinese": "搜索引擎把长文档切成段落每段都有向量",
    "Thai": "ภาษาไทยไม่มีช่องว่าง",
    "fences": "```\n",
    "nesting": "> ",
    "lists": "- ",
    "brackets": "[",
    "headings": "# a\n",
    "underlines": "a\n===\n",
    "rules": "---\n",
    "backslashes": "\\",
    "words": "word ",
}


@pytest.mark.parametrize("name", HARD)
def test_no_text_takes_long(name: str) -> None:
    text = (HARD[name] * SIZE)[:SIZE]
    began_s = time.thread_time()
    found = Cutter(TOKENIZER, MODEL).cut(text, 200, 50)
    assert time.thread_time() - began_s < 20  # two seconds at most, and hours if it grew with the square
    assert found[-1][1] == SIZE

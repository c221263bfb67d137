"""A hundred sentences in one long document, among a thousand documents like it: each is found by its question."""

import random
import sys
from bisect import bisect_left
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer

from models import ARTIFACTS
from server.documents.boundaries import Range
from server.documents.cutting import Cutter
from server.documents.titles import Titles
from tests.running import start_server
from tests.server.documents.daemons.asking import Asker
from tests.server.documents.daemons.logbooks import Needle, logbook, needles

pytestmark = pytest.mark.e2e

FOLDER = ARTIFACTS / "all-MiniLM-L6-v2"
MAX_TOKENS = 256
HAY, HAY_TOKENS = 1000, (500, 700)
LONG, LONG_TOKENS = "long", 18_000  # and some 2,000 of needles
SENT = 250  # documents in one request
ACROSS = 3  # every third needle is put across the border of two passages


def test_a_hundred_facts_of_one_long_document_are_found_among_a_thousand_like_it(tmp_path: Path) -> None:
    tokenizer = untruncated()
    text = with_needles(plain_sentences(HAY, LONG_TOKENS, tokenizer), tokenizer)
    documents = [*hay(tokenizer), {"id": LONG, "text": text}]
    with start_server("--data", str(tmp_path)) as server, Asker(server.host, server.port) as asker:
        for start in range(0, len(documents), SENT):
            answer = asker.lines(documents[start : start + SENT])
            assert answer.body["errors"] == [], answer
        stored = passages_of(asker)
        assert set(stored) == {one["id"] for one in documents}
        titles = Titles(tokenizer)
        for one in documents:
            check_passages(one["text"], stored[one["id"]], titles.of(one["text"]), tokenizer)
        missed = [line for one in needles() if (line := wrong(asker, text, one))]
        check_first_sentence(asker, plain_sentences(HAY, LONG_TOKENS, tokenizer)[1:])
    sys.stdout.write(f"\n{len(stored[LONG])} passages, {len(missed)} of 100 facts not found\n")
    assert missed == []


def test_a_fact_across_the_border_of_two_passages_is_whole_in_one_of_them_even_where_no_sentence_ends() -> None:
    tokenizer = untruncated()
    heading, *others = plain_sentences(HAY, LONG_TOKENS, tokenizer)
    text = with_needles([heading, *(one.replace("\n\n", " ") for one in others)], tokenizer)
    places = [where(text, one) for one in needles()]
    whole, across = {}, {}
    for overlap in (0, 50):
        found = Cutter(tokenizer, MAX_TOKENS).cut(text.replace(".", ","), 200, overlap)
        whole[overlap] = sum(any(a <= start and end <= b for a, b in found) for start, end in places)
        across[overlap] = sum(any(start < a < end or start < b < end for a, b in found) for start, end in places)
    assert whole[0] < len(places), "no border is inside a sentence"
    assert across[50] > 0
    assert whole[50] == len(places)


def hay(tokenizer: Tokenizer) -> list[dict[str, Any]]:
    sizes = random.Random(1)
    return [
        {"id": str(seed), "text": "".join(plain_sentences(seed, sizes.randint(*HAY_TOKENS), tokenizer))}
        for seed in range(HAY)
    ]


def check_first_sentence(asker: Asker, plain: list[str]) -> None:
    """What the first sentence of a long text says is found where it stands, though the text has no title."""
    for one in needles()[:10]:
        document = {"id": "prose", "text": f"{one.sentence} {''.join(plain)}", "metadata": {"prose": True}}
        assert asker.ask("POST", "/index", document).status == 200
        search = {"query": one.question, "filter": {"prose": True}, "threshold": -1}
        ((hit,), start) = asker.ask("POST", "/search", search).body, len(one.sentence)
        assert hit["passage"]["start"] == 0, one
        assert hit["passage"]["end"] >= start


def passages_of(asker: Asker) -> dict[str, list[Range]]:
    """Return where the passages of every document stand."""
    found: dict[str, list[Range]] = {}
    after = ""
    while True:
        page = asker.ask("GET", f"/index?limit=500&include_passages=true{after}").body
        for one in page["documents"]:
            found[one["id"]] = [(passage["start"], passage["end"]) for passage in one["passages"]]
        if page["next"] is None:
            return found
        after = f"&after={page['next']}"


def untruncated() -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(FOLDER / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def plain_sentences(seed: int, tokens: int, tokenizer: Tokenizer) -> list[str]:
    return logbook(seed, tokens, lambda text: len(tokenizer.encode(text, add_special_tokens=False).ids))


def with_needles(plain: list[str], tokenizer: Tokenizer) -> str:
    """Put needles evenly between sentences, from the first below the heading to the last, every third across a border.

    There a passage of the text without the needle, but with those before it, ends inside the needle.
    """
    cutter = Cutter(tokenizer, MAX_TOKENS)
    parts, every = list(plain), needles()
    for number, one in enumerate(every):
        place = 1 + number + round(number * (len(plain) - 1) / (len(every) - 1))
        if number % ACROSS == 1:
            place = across_border(parts, place, len(one.sentence), cutter)
        parts.insert(place, f"{one.sentence} ")
    return "".join(parts).rstrip()


def across_border(parts: list[str], near: int, length: int, cutter: Cutter) -> int:
    """Return the place between sentences, closest to another, from which so many characters reach over a border."""
    starts = list(accumulate(map(len, parts), initial=0))
    ends = [end for _, end in cutter.cut("".join(parts), 200, 50)]
    places = {bisect_left(starts, end) - 1: end for end in ends}  # the sentence at the end of each passage
    across = [place for place, end in places.items() if starts[place] < end < starts[place] + length]
    return min(across, key=lambda place: abs(place - near))


def check_passages(text: str, passages: list[Range], title: str, tokenizer: Tokenizer) -> None:
    """Every character is in a passage, and the model reads each whole, with its special tokens and the title."""
    covered = 0
    assert len(passages) > 1
    for start, end in passages:
        assert start <= covered < end
        covered = end
    assert covered == len(text)
    read = [f"{title}\n{text[start:end]}" for start, end in passages]
    assert max(len(one) for one in tokenizer.encode_batch_fast(read)) <= MAX_TOKENS


def where(text: str, needle: Needle) -> tuple[int, int]:
    start = text.index(needle.sentence)
    return start, start + len(needle.sentence)


def wrong(asker: Asker, text: str, needle: Needle) -> str:
    """Say what the answer to a needle's question has that it must not, nothing where it is right."""
    asked = {"query": needle.question, "mode": "vector", "threshold": -1, "top_k": 5}
    hits = asker.ask("POST", "/search", asked).body
    start, end = where(text, needle)
    found = [hit["id"] for hit in hits]
    if found[0] != LONG or found.count(LONG) != 1:
        return f"{needle.question} finds {found}, {[hit['score'] for hit in hits]}"
    passage = hits[0]["passage"]
    if passage["start"] <= start and end <= passage["end"]:
        return ""
    return f"{needle.question} finds {text[passage['start'] : passage['end']]!r} and not {(start, end)}"

"""Search by words: which documents are found, how they are ranked, and that no number of words or matches hides one."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw
import numpy as np
import pytest

from index import Collection, Document, Index, Query
from index.words.ranking import Matching
from index.words.weighing import MAX_STEMS
from tests.index.harness import document, open_index
from tests.index.vectors import one

DATABASE = Path("collections", "default", "documents.sqlite")


@pytest.fixture
def collection() -> Iterator[Collection]:
    index = open_index(None)
    yield index.collection()
    index.close()


def put(collection: Collection, *texts: str, **metadata: Any) -> None:
    collection.put_many([document(text, 1, text, **metadata) for text in texts]).result()


def found(collection: Collection, words: str, **query: Any) -> list[str]:
    return [hit.id for hit in collection.search(Query(mode="text", text=words, **query))]


@pytest.fixture(scope="module")
def many() -> Iterator[Collection]:
    """Of 10,002 documents all but one say python, some of them team a; the oldest says nothing else."""
    index = open_index(None)
    collection = index.collection()
    put(collection, "python")
    notes = [document(f"{n}", 1, f"python notes {n}", team="a" if n % 2_000 == 7 else "b") for n in range(10_000)]
    for start in range(0, len(notes), 500):
        collection.put_many(notes[start : start + 500]).result()
    put(collection, "rust notes", team="b")
    assert collection.wait_for_words(120)
    yield collection
    index.close()


def test_a_rare_word_does_not_leave_out_those_that_hold_a_common_one(many: Collection) -> None:
    assert sorted(found(many, "rust python", filter={"team": "a"})) == ["2007", "4007", "6007", "7", "8007"]
    assert found(many, "rust python", top_k=1) == ["rust notes"]
    assert len(found(many, "rust python", top_k=1000)) == 1000


def test_of_ten_thousand_matches_the_best_is_first_though_it_is_the_oldest(many: Collection) -> None:
    assert found(many, "python", top_k=1) == ["python"]
    assert found(many, "python", filter={"team": {"$exists": False}}) == ["python"]


def test_a_filter_that_leaves_many_of_which_none_ranks_high_is_looked_through_to_the_end(many: Collection) -> None:
    put(many, "python and some more words that make it rank behind all others, of which there are many", team="c")
    try:
        assert len(found(many, "python", filter={"team": {"$nin": ["a", "b"]}, "$not": {"team": "d"}})) == 2
        assert many.wait_for_words(60)
        assert len(found(many, "python", filter={"team": {"$nin": ["a", "b"]}, "$not": {"team": "d"}})) == 2
    finally:
        many.delete_matching({"team": "c"}).result()


def test_a_query_of_many_words_of_which_one_matches_finds_it(collection: Collection) -> None:
    put(collection, "apple", "unlike")
    words = " ".join(f"word{n}" for n in range(64))
    assert found(collection, f"{words} apple") == ["apple"]


def test_of_more_words_than_are_ranked_by_the_rarest_are_taken_and_it_is_told(collection: Collection) -> None:
    words = [f"word{n}" for n in range(MAX_STEMS + 5)]
    put(collection, *(f"{word} common" for word in words), "common")
    outcome = collection.outcome(Query(mode="text", text=" ".join(["common", *words, "unknown"]), top_k=1000))
    assert outcome.words_ignored == 6
    assert len(outcome.hits) == 1000
    assert "common" not in {hit.id for hit in outcome.hits}
    assert collection.outcome(Query(mode="text", text="common")).words_ignored == 0


def test_a_document_scores_the_same_beside_the_index_and_in_it(collection: Collection) -> None:
    random = np.random.default_rng(5)
    lengths = [*range(1, 60, 3), 100, 300, 1_000, 5_000]
    texts = [" ".join(random.choice(["red", "green", "blue", "ä"], length)) for length in lengths]
    collection.put_many([document(str(n), n, text) for n, text in enumerate(texts)]).result()
    queries = [
        Query(mode="text", text="red", top_k=100),
        Query(mode="text", text="red red green", top_k=100),
        Query(mode="text", text='"red green" blue', top_k=100),
        Query(mode="text", text='"red green blue"', top_k=100),
        Query(mode="text", text="gre", top_k=100, prefix=True),
        Query(mode="text", text="gren gereen", top_k=100, typos=True),
    ]
    assert collection.words.pending
    beside = [collection.search(query) for query in queries]
    assert collection.wait_for_words(60)
    for query, before in zip(queries, beside, strict=True):
        after = collection.search(query)
        assert after
        assert [hit.id for hit in after] == [hit.id for hit in before], query.text
        assert [hit.score for hit in after] == pytest.approx([hit.score for hit in before], rel=1e-5)


def test_what_is_in_the_index_and_what_is_beside_it_share_their_statistics() -> None:
    """Half of the documents in the index, the others beside it: all score as if they were in one place."""
    scores = []
    for half in (0, 20):
        index = open_index(None)
        collection = index.collection()
        texts = [f"apple {'pie ' * (n % 7)}{'plum' if n % 3 else ''}" for n in range(40)]
        for start in (0, half):
            end = half if start < half else 40
            collection.put_many([document(str(n), n, texts[n]) for n in range(start, end)]).result()
            if end < 40:
                assert collection.wait_for_words(60)
        scores.append({hit.id: hit.score for hit in collection.search(Query(mode="text", text="apple plum", top_k=40))})
        index.close()
    assert scores[0].keys() == scores[1].keys()
    assert [scores[1][id_] for id_ in scores[0]] == pytest.approx(list(scores[0].values()), rel=0.15)


def test_documents_that_go_on_waiting_keep_their_words(collection: Collection) -> None:
    put(collection, "我是中国人")
    assert found(collection, "中国") == ["我是中国人"]
    before = collection.search(Query(mode="text", text="国"))
    collection.words.lexicon.beside.forget(0)
    assert collection.search(Query(mode="text", text="国")) == before
    collection.words.lexicon.beside.forget(1)
    assert collection.search(Query(mode="text", text="国")) == before


def test_of_equal_scores_the_older_document_is_first(collection: Collection) -> None:
    for n in range(100):
        collection.put(document(f"{n:02}", n, "the same text")).result()
        if n % 20 == 10:
            assert collection.wait_for_words(60)
    assert found(collection, "same", top_k=10) == [f"{n:02}" for n in range(10)]
    assert collection.wait_for_words(60)
    assert found(collection, "same", top_k=10) == [f"{n:02}" for n in range(10)]


def test_what_is_acknowledged_is_seen_by_the_next_search(collection: Collection) -> None:
    for round_ in range(30):
        collection.put(document("it", round_, f"number{round_} apple")).result()
        assert found(collection, f"number{round_}") == ["it"]
        assert found(collection, f"number{round_ - 1}") == []
        collection.delete("it").result()
        assert found(collection, "apple") == []
        if round_ % 5 == 0:
            assert collection.wait_for_words(60)


def test_new_metadata_decide_at_once(collection: Collection) -> None:
    put(collection, "apple", team="a")
    assert collection.wait_for_words(60)
    collection.patch("apple", {"team": "b"}).result()
    assert found(collection, "apple", filter={"team": "a"}) == []
    assert found(collection, "apple", filter={"team": "b"}) == ["apple"]


def test_a_document_that_is_replaced_while_a_search_is_under_way_is_found_as_it_was(tmp_path: Path) -> None:
    index = open_index(tmp_path)
    collection = index.collection()
    put(collection, "apple one")
    assert collection.wait_for_words(60)
    lexicon = collection.words.lexicon
    sought, beside = lexicon.sought("apple"), lexicon.beside
    reading = collection.words.keeper.current()
    with collection.store.readers.reading() as connection:
        from_before = connection.execute("SELECT key FROM docs").fetchall()
        collection.put(document("apple one", 2, "apple two")).result()
        assert collection.wait_for_words(60)
        ranking = Matching(connection, reading, beside, sought).rank(None, 10).ranking
        assert [(key,) for key, _ in ranking] == from_before
    assert [hit.text for hit in collection.search(Query(mode="text", text="apple"))] == ["apple two"]
    index.close()


@pytest.mark.parametrize(
    ("query", "right"),
    [
        ("pineapples", ["a pineapple"]),
        ("THE", ["the who"]),
        ("the pineapple", ["a pineapple"]),
        ("what is the", ["the who"]),
        ('"york new"', ["york new"]),
        ('"new york"', ["in new york"]),
        ('"in new york" "in new"', ["in new york"]),
        ('"new york" york', ["in new york", "york new"]),
        ("“new york”", ["in new york"]),
        ('""', []),
        ('"', []),
        ('pineapple "', ["a pineapple"]),
        ("", []),
        ("?! ...", []),
        ("AND OR NOT * ( : ^", ["the who and others"]),
    ],
)
def test_what_a_query_means(collection: Collection, query: str, right: list[str]) -> None:
    put(collection, "a pineapple", "in new york", "york new", "the who and others" if "AND" in query else "the who")
    assert found(collection, query) == right
    assert collection.wait_for_words(60)
    assert found(collection, query) == right


def test_a_word_that_a_query_repeats_counts_again(collection: Collection) -> None:
    put(collection, "apple", "plum", "other")
    assert found(collection, "plum apple apple") == ["apple", "plum"]
    assert found(collection, "plum apple plum") == ["plum", "apple"]
    assert collection.wait_for_words(60)
    assert found(collection, "plum apple apple") == ["apple", "plum"]
    assert found(collection, "plum apple plum") == ["plum", "apple"]


@pytest.mark.parametrize("waiting", [True, False])
def test_the_last_word_may_be_the_beginning_of_one(collection: Collection, waiting: bool) -> None:
    put(collection, "running shoes", "a run", "ruin", "the theory of runes")
    assert waiting or collection.wait_for_words(60)
    assert found(collection, "runni") == []
    assert found(collection, "runni", prefix=True) == ["running shoes"]
    assert set(found(collection, "run", prefix=True)) == {"running shoes", "a run", "the theory of runes"}
    assert set(found(collection, "run ", prefix=True)) == {"running shoes", "a run"}
    assert found(collection, "shoes the", prefix=True) == ["running shoes", "the theory of runes"]


@pytest.mark.parametrize("waiting", [True, False])
def test_one_edit_is_forgiven_in_long_words_alone(collection: Collection, waiting: bool) -> None:
    put(collection, "receive", "received 12345", "deceive", "cat", "12346")
    assert waiting or collection.wait_for_words(60)
    assert found(collection, "recieve") == []
    assert set(found(collection, "recieve", typos=True)) == {"receive"}
    assert set(found(collection, "receve", typos=True)) == {"receive"}
    assert found(collection, "receive", typos=True)[0] == "receive"
    assert found(collection, "car", typos=True) == []
    assert found(collection, "12345", typos=True) == ["received 12345"]


def test_words_longer_than_any_dictionarys_are_found(collection: Collection) -> None:
    collection.put(document("long", 1, "x" * 100_000 + " end")).result()
    for _ in range(2):
        assert found(collection, "x" * 100_000) == ["long"]
        assert found(collection, "end") == ["long"]
        assert collection.wait_for_words(60)


def damaged(folder: Path) -> Index:
    """An index of which one document has another text than its words were gathered from."""
    index = open_index(folder)
    index.collection().put_many([document("bad", 1, "apple pie"), document("good", 2, "apple juice")]).result()
    assert index.collection().wait_for_words(60)
    index.close()
    connection = apsw.Connection(str(folder / DATABASE))
    connection.execute("UPDATE docs SET text = 'apqle pie' WHERE id = 'bad'")
    connection.close()
    return open_index(folder)


def test_a_damaged_document_that_is_put_again_is_found_by_its_words(tmp_path: Path) -> None:
    index = damaged(tmp_path)
    collection = index.collection()
    collection.put(Document("bad", "apple tart", {}, one(1))).result()
    assert sorted(found(collection, "apple")) == ["bad", "good"]
    assert (found(collection, "pie"), found(collection, "tart")) == ([], ["bad"])
    assert collection.health().problems == ()
    index.close()


def test_a_damaged_document_that_is_deleted_is_found_no_more(tmp_path: Path) -> None:
    index = damaged(tmp_path)
    collection = index.collection()
    assert collection.delete("bad").result() == 1
    assert (found(collection, "apple"), found(collection, "pie")) == (["good"], [])
    assert collection.health().problems == ()
    index.close()

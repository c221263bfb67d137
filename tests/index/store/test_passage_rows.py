"""The rows that say where passages stand: damage of any of them is found, and gives no passage that is not there."""

from collections.abc import Callable, Sequence
from pathlib import Path

import apsw
import numpy as np
import pytest

from index import DamagedError, Include, Query
from index.commands.examination import examine
from index.documents.passages import Span, check_spans, mean_of
from index.errors import DocumentError
from index.store.checksums import vector_checksum
from index.store.passage_rows import Several, arranged, decode_spans, encode_spans, stretches
from index.store.vector_rows import insert_vectors
from tests.index.harness import entry, open_index
from tests.index.vectors import one, unit

DATABASE = Path("collections") / "default" / "documents.sqlite"
LENGTH = len("the text of b")
KEY = 4  # that of the document of the keys 2 to 4

Harm = Callable[[apsw.Connection], object]


def write_spans(connection: apsw.Connection, spans: Sequence[Span]) -> None:
    """Write other spans with a checksum that is right."""
    blob = encode_spans(spans)
    connection.execute(
        "UPDATE passages SET parts = ?, spans = ?, crc = ? WHERE doc = ?",
        (len(spans), blob, vector_checksum(KEY, blob), KEY),
    )


def flip(connection: apsw.Connection) -> None:
    ((blob,),) = connection.execute("SELECT spans FROM passages WHERE doc = ?", (KEY,))
    assert isinstance(blob, bytes)
    connection.execute("UPDATE passages SET spans = ? WHERE doc = ?", (blob[:4] + b"\x05" + blob[5:], KEY))


def lengthen(connection: apsw.Connection) -> None:
    connection.execute("DELETE FROM docs WHERE key = 1; DELETE FROM vectors WHERE key = 1")
    write_spans(connection, [(0, 4), (3, 8), (7, 10), (9, LENGTH)])


HARMS: dict[str, tuple[Harm, str, str]] = {  # by name: what is done, what the doctor tells, and why a start is refused
    "a flipped bit": (flip, "passages of the document with key 4 are damaged", "passages of the document"),
    "another number": (
        lambda connection: connection.execute("UPDATE passages SET parts = 2"),
        "passages of the document with key 4 are damaged",
        "passages of the document",
    ),
    "no blob": (
        lambda connection: connection.execute("UPDATE passages SET spans = 'text'"),
        "passages of the document with key 4 are damaged",
        "passages of the document",
    ),
    "beyond the text": (
        lambda connection: write_spans(connection, [(0, 4), (3, 8), (7, LENGTH + 1)]),
        f"passage from 7 to {LENGTH + 1} does not follow",
        "",
    ),
    "not up to the end": (
        lambda connection: write_spans(connection, [(0, 4), (3, 8), (7, LENGTH - 1)]),
        f"passages end at {LENGTH - 1}, the text at {LENGTH}",
        "",
    ),
    "a gap": (
        lambda connection: write_spans(connection, [(0, 4), (5, 8), (7, LENGTH)]),
        "passage from 5 to 8 does not follow",
        "",
    ),
    "a vector of two": (
        lambda connection: write_spans(connection, [(0, 4), (3, 8), (7, 10), (9, LENGTH)]),
        "1 rows of vectors belong to two documents",
        "1 are missing",
    ),
    "a passage too many": (
        lengthen,
        "1 passages have no row in vectors",
        "1 are missing",
    ),
    "a vector of none": (
        lambda connection: insert_vectors(connection, [(99, one(1))], 1),
        "1 rows of vectors belong to no document",
        "1 are of no passage",
    ),
    "a vector that is missing": (
        lambda connection: connection.execute("DELETE FROM vectors WHERE key = 3"),
        "1 passages have no row in vectors",
        "1 are missing",
    ),
    "a row of none": (
        lambda connection: connection.execute("UPDATE passages SET doc = 77"),
        "1 rows of passages belong to no document",
        "passages of the document",
    ),
    "settings of none": (
        lambda connection: connection.execute("INSERT INTO stale VALUES (77)"),
        "1 rows of stale belong to no document",
        "",
    ),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    index = open_index(tmp_path)
    collection = index.collection()
    collection.put_many([entry("a", [1]), entry("b", [2, 3, 4]), entry("c", [5])]).result()
    assert collection.health().problems == ()
    index.close()
    assert examine(tmp_path / DATABASE).ok
    return tmp_path


@pytest.mark.parametrize("name", HARMS)
def test_damage_is_found_by_the_doctor_and_by_the_start(folder: Path, name: str) -> None:
    harm, told, refused = HARMS[name]
    connection = apsw.Connection(str(folder / DATABASE))
    harm(connection)
    connection.close()
    assert any(told in problem for problem in examine(folder / DATABASE).problems)
    if refused:
        with pytest.raises(DamagedError, match=refused):
            open_index(folder)
        return
    index = open_index(folder)
    assert any(told in problem for problem in index.collection().health().problems)
    index.close()


@pytest.mark.parametrize("harm", [flip, HARMS["another number"][0], HARMS["no blob"][0]])
def test_damage_that_comes_while_a_folder_is_in_use_is_told_on_reading(folder: Path, harm: Harm) -> None:
    index = open_index(folder)
    collection = index.collection()
    connection = apsw.Connection(str(folder / DATABASE))
    harm(connection)
    connection.close()
    for read in (
        lambda: collection.get("b", Include(passages=True)),
        lambda: collection.search(Query(vector=one(3), threshold=-1)),
        lambda: collection.unchanged({"b": "the text of b"}),
        lambda: list(collection.documents(Include(vector=True))),
    ):
        with pytest.raises(DamagedError, match="passages of the document with key 4"):
            read()
    assert any("passages of the document with key 4" in problem for problem in collection.health().problems)
    whole = collection.get("b")
    assert whole is not None
    assert whole.text == "the text of b"
    assert [hit.id for hit in collection.search(Query(vector=one(5), top_k=1))] == ["c"]
    index.close()


def test_a_document_that_lacks_a_vector_has_none(folder: Path) -> None:
    index = open_index(folder)
    collection = index.collection()
    connection = apsw.Connection(str(folder / DATABASE))
    connection.execute("DELETE FROM vectors WHERE key = 3")
    connection.close()
    assert any("1 passages have no row" in problem for problem in collection.health().problems)
    found = collection.get("b", Include(vector=True, passages=True))
    assert found is not None
    assert (found.vector, found.passages) == (None, None)
    assert collection.unchanged({"b": "the text of b"}) == {}
    assert [hit.id for hit in collection.search(Query(vector=one(4), top_k=1))] == ["b"]
    collection.put(entry("b", [6, 7])).result()
    assert collection.health().problems == ()
    index.close()


@pytest.mark.parametrize(
    ("spans", "length", "right"),
    [
        ([], 5, True),
        ([], 0, True),
        ([(0, 5)], 5, True),
        ([(0, 3), (3, 5)], 5, True),
        ([(0, 3), (1, 5)], 5, True),
        ([(0, 3), (1, 4), (2, 5)], 5, True),  # each overlaps both others
        ([(0, 0)], 0, False),
        ([(0, 4)], 5, False),
        ([(0, 6)], 5, False),
        ([(1, 5)], 5, False),
        ([(-1, 5)], 5, False),
        ([(0, 2), (3, 5)], 5, False),
        ([(0, 3), (0, 5)], 5, False),
        ([(0, 5), (1, 5)], 5, False),
        ([(0, 5), (2, 4)], 5, False),
        ([(0, 3), (3, 3), (3, 5)], 5, False),
        ([(3, 5), (0, 3)], 5, False),
    ],
)
def test_passages_ascend_and_leave_nothing_out(spans: list[Span], length: int, right: bool) -> None:
    if right:
        check_spans(spans, length)
        assert list(decode_spans(encode_spans(spans))) == spans
    else:
        with pytest.raises(DocumentError):
            check_spans(spans, length)


def test_rows_and_documents_lead_to_each_other() -> None:
    random = np.random.default_rng(1)
    counts = random.integers(1, 5, 200)
    documents = np.cumsum(counts + random.integers(0, 2, 200))  # some keys are nobody's
    several = arranged([(int(key), int(count)) for key, count in zip(documents, counts, strict=True) if count > 1])
    naive = {int(key): list(range(key - count + 1, key + 1)) for key, count in zip(documents, counts, strict=True)}
    for chosen in (documents, documents[::7], documents[:0]):
        rows = [row for key in chosen.tolist() for row in naive[key]]
        assert several.rows(chosen).tolist() == rows
        owners = [key for key in chosen.tolist() for _ in naive[key]]
        assert several.owners(np.array(rows, np.int64)).tolist() == owners
    assert Several(several.keys[:0], several.counts[:0]).owners(documents).tolist() == documents.tolist()
    assert stretches(np.array([5, 1]), np.array([2, 3])).tolist() == [5, 6, 1, 2, 3]
    assert stretches(np.zeros(0, np.int64), np.zeros(0, np.int64)).tolist() == []


def test_the_mean_of_passages_is_of_unit_length() -> None:
    rows = np.stack([one(seed) for seed in range(6)])
    assert np.allclose(mean_of(rows), unit(rows.sum(axis=0)), atol=1e-6)
    assert abs(float(np.linalg.norm(mean_of(rows))) - 1) < 1e-6
    assert (mean_of(rows[:1]) == rows[0]).all()

"""All vectors are read by several readers, block by block: each is where it belongs, and what is wrong is told."""

import contextlib
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import apsw
import numpy as np
import pytest

from index import DamagedError, UnreadableError
from index.store.connections import Database, Readers
from index.store.passage_rows import all_several
from index.store.vector_rows import all_vectors
from index.view.captures import allocated
from index.view.filling import Filling, read_rows
from index.view.vectors import FIRST_CAPACITY
from tests.index.harness import document, entry, open_index
from tests.index.vectors import NDIM

DATABASE = Path("collections") / "default" / "documents.sqlite"
TOGETHER = 1
DELETED = range(20, 45)  # more than a block
FIRST_MISSING, IN_THE_MIDDLE, LAST = 21, 77, 160

Harm = Callable[[apsw.Connection], object]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database of many blocks: documents of one passage and of three, and gaps among the keys."""
    folder = tmp_path_factory.mktemp("filled")
    index = open_index(folder)
    collection = index.collection()
    entries = [entry(str(n), [n, n + 1, n + 2]) if n % 3 else document(str(n), n) for n in range(70)]
    collection.put_many(entries).result()
    collection.delete_many([str(n) for n in range(8, 20)]).result()
    index.close()
    return folder / DATABASE


@pytest.fixture
def database(made: Path, tmp_path: Path) -> Path:
    """A copy of it to harm."""
    connection = apsw.Connection(str(made))
    copy = tmp_path / "copy.sqlite"
    connection.execute("VACUUM INTO ?", (str(copy),))
    connection.close()
    return copy


class Lending(Readers):
    """Counts the connections that it lends, and lends no more than so many."""

    def __init__(self, path: Path, most: int = 99) -> None:
        super().__init__(Database(path))
        self._count, self._most = itertools.count(1), most
        self._asked: list[int] = []

    @property
    def asked(self) -> int:
        """How many were asked for."""
        return len(self._asked)

    @contextlib.contextmanager
    def reading(self) -> Iterator[apsw.Connection]:
        number = next(self._count)
        self._asked.append(number)
        if number > self._most:
            raise UnreadableError("too many open files")
        with super().reading() as connection:
            yield connection


def check(readers: Lending, cores: int) -> None:
    rows, count = read_rows(readers, NDIM, cores, TOGETHER)
    with readers.reading() as connection:
        several, pages = all_several(connection), list(all_vectors(connection, NDIM))
    keys = np.concatenate([keys for keys, _ in pages])
    assert count == len(keys) > 6 * TOGETHER
    assert (rows.keys[:count] == keys).all()
    assert (rows.owners[:count] == several.owners(keys)).all()
    assert (rows.rows[:count] == np.concatenate([vectors for _, vectors in pages]).astype(np.float16)).all()
    assert rows.alive[:count].all()
    assert not rows.nodes[:count].any()


@pytest.mark.parametrize("cores", [1, 2, 4, 64])
def test_every_vector_is_where_it_belongs(database: Path, cores: int) -> None:
    check(Lending(database), cores)


def test_a_reader_for_each_core_reads_and_four_at_most(database: Path) -> None:
    for cores, asked in ((1, 1), (3, 3), (64, 4)):
        readers = Lending(database)
        read_rows(readers, NDIM, cores, TOGETHER)
        assert readers.asked == asked


def test_few_rows_are_read_by_one(database: Path) -> None:
    readers = Lending(database)
    read_rows(readers, NDIM, 64, 64)
    assert readers.asked == 1


def test_where_there_is_one_connection_alone_it_reads_all(database: Path) -> None:
    readers = Lending(database, 1)
    rows, count = read_rows(readers, NDIM, 4, TOGETHER)
    assert readers.asked == 4
    assert rows.rows[:count].any(axis=1).all()


def flip(connection: apsw.Connection) -> None:
    ((blob,),) = connection.execute("SELECT vector FROM vectors WHERE key = ?", (IN_THE_MIDDLE,))
    assert isinstance(blob, bytes)
    connection.execute("UPDATE vectors SET vector = ? WHERE key = ?", (b"\1" + blob[1:], IN_THE_MIDDLE))


HARMS: dict[str, tuple[Harm, str]] = {
    "a flipped bit": (flip, f"key {IN_THE_MIDDLE} is damaged"),
    "another checksum": (
        lambda connection: connection.execute("UPDATE vectors SET crc = crc + 1 WHERE key = ?", (IN_THE_MIDDLE,)),
        f"key {IN_THE_MIDDLE} is damaged",
    ),
    "a checksum of more bits": (
        lambda connection: connection.execute("UPDATE vectors SET crc = crc + (1 << 32) WHERE key = ?", (LAST,)),
        f"key {LAST} is damaged",
    ),
    "a checksum in letters": (
        lambda connection: connection.execute("UPDATE vectors SET crc = x'41' WHERE key = ?", (LAST,)),
        f"key {LAST} is damaged",
    ),
    "text": (
        lambda connection: connection.execute(
            "UPDATE vectors SET vector = CAST(vector AS TEXT) WHERE key = ?", (IN_THE_MIDDLE,)
        ),
        "damaged",
    ),
    "half a vector, and a half too much": (
        lambda connection: connection.execute(
            "UPDATE vectors SET vector = iif(key = ?1, substr(vector, 5), CAST(vector || x'00000000' AS BLOB)) "
            "WHERE key IN (?1, ?1 + 1)",
            (IN_THE_MIDDLE,),
        ),
        f"key {IN_THE_MIDDLE} is damaged",
    ),
    "vectors that traded places": (
        lambda connection: connection.execute(
            "UPDATE vectors SET (vector, crc) = (SELECT vector, crc FROM vectors AS other "
            "WHERE other.key = 2 * ?1 + 1 - vectors.key) WHERE key IN (?1, ?1 + 1)",
            (IN_THE_MIDDLE,),
        ),
        f"key {IN_THE_MIDDLE} is damaged",
    ),
    "one that is missing": (
        lambda connection: connection.execute("DELETE FROM vectors WHERE key = ?", (IN_THE_MIDDLE,)),
        "1 are missing",
    ),
    "one between others": (
        lambda connection: connection.execute(
            "INSERT INTO vectors SELECT ?, variant, vector, crc FROM vectors WHERE key = 1", (DELETED.start + 5,)
        ),
        f"key {DELETED.start + 5} is damaged",
    ),
    "many behind the last": (
        lambda connection: connection.execute(
            "INSERT INTO vectors SELECT key + 1000, variant, vector, crc FROM vectors WHERE key <= 3"
        ),
        "damaged",
    ),
}


@pytest.mark.parametrize("cores", [1, 3])
@pytest.mark.parametrize("name", HARMS)
def test_what_is_damaged_is_told(database: Path, name: str, cores: int) -> None:
    harm, told = HARMS[name]
    connection = apsw.Connection(str(database))
    harm(connection)
    connection.close()
    with pytest.raises(DamagedError, match=told):
        read_rows(Readers(Database(database)), NDIM, cores, TOGETHER)


def test_a_database_without_documents_has_no_rows(database: Path) -> None:
    connection = apsw.Connection(str(database))
    connection.execute("DELETE FROM docs; DELETE FROM vectors; DELETE FROM passages")
    assert read_rows(Readers(Database(database)), NDIM, 2)[1] == 0
    connection.execute("INSERT INTO vectors VALUES (7, 1, x'00', 0)")
    connection.close()
    with pytest.raises(DamagedError, match="damaged"):
        read_rows(Readers(Database(database)), NDIM, 2)


def test_of_several_errors_that_of_the_first_block_is_told() -> None:
    filling = Filling(allocated(FIRST_CAPACITY, NDIM), np.arange(4 * TOGETHER), TOGETHER)
    assert filling.failure is None
    late, early = DamagedError("late"), DamagedError("early")
    filling.fail(late, 2 * TOGETHER)
    filling.fail(early, TOGETHER)
    assert filling.failure is early

"""Migrations: what was written before is there afterwards, as if the tables had always been what they are."""

from collections.abc import Iterator

import apsw
import pytest

from index import NewerSchemaError
from index.store import rows
from index.store.checks import check_documents, check_schema
from index.store.checksums import checksum
from index.store.expiry import count_expired, first_expiry
from index.store.queries import select
from index.store.schema import MIGRATIONS, WITH_EXPIRY, look_present, migrate, version

DOCUMENTS = [(1, "a", "the text of a", b"{}"), (2, "b", "another " * 50, b'{"n":1}')]


@pytest.fixture
def connection() -> Iterator[apsw.Connection]:
    """A database from before documents could expire."""
    found = apsw.Connection(":memory:")
    migrate(found, MIGRATIONS[: WITH_EXPIRY - 1])
    found.executemany("INSERT INTO docs VALUES (?, ?, ?, ?, ?)", [(*row, checksum(*row)) for row in DOCUMENTS])
    yield found
    found.close()


def check(connection: apsw.Connection) -> None:
    """See that all documents are whole, and that none expires."""
    assert list(check_documents(connection)) == []
    found = [rows.find(connection, id_) for _, id_, _, _ in DOCUMENTS]
    assert [(one.key, one.id, one.text, one.metadata) for one in found if one is not None] == DOCUMENTS
    assert select(connection, "SELECT expires, digest FROM docs") == [(None, None)] * 2
    assert first_expiry(connection) is None
    assert count_expired(connection, 1 << 60) == 0


def test_documents_from_before_last_and_their_checksums_hold(connection: apsw.Connection) -> None:
    migrate(connection)
    assert version(connection) == len(MIGRATIONS) == WITH_EXPIRY
    check(connection)
    assert list(check_schema(connection)) == []


def test_what_is_only_read_looks_as_if_it_was_migrated(connection: apsw.Connection) -> None:
    look_present(connection)
    assert version(connection) == WITH_EXPIRY - 1
    check(connection)
    assert list(check_schema(connection)) == []


def test_a_database_of_a_later_version_is_refused(connection: apsw.Connection) -> None:
    migrate(connection, (*MIGRATIONS, "CREATE TABLE later (n)"))
    with pytest.raises(NewerSchemaError, match=f"schema {WITH_EXPIRY + 1}; this one knows {WITH_EXPIRY}"):
        migrate(connection)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT min(expires) FROM docs WHERE expires IS NOT NULL",
        "SELECT count(*) FROM docs WHERE expires <= 5",
        "SELECT 1 FROM attr WHERE key NOT IN (SELECT gone.key FROM docs AS gone WHERE gone.expires <= 5)",
        "SELECT key FROM docs WHERE digest = 5 LIMIT 16",
    ],
)
def test_what_reads_and_writes_ask_each_time_is_answered_by_an_index(connection: apsw.Connection, query: str) -> None:
    migrate(connection)
    steps = [str(step) for *_, step in connection.execute(f"EXPLAIN QUERY PLAN {query}")]
    assert any("USING COVERING INDEX docs_by_" in step for step in steps), steps

"""The FTS5 table of words beside the documents. It keeps no text of its own: words go by the text they came from."""

from collections.abc import Iterable

import apsw


def insert_words(connection: apsw.Connection, texts: Iterable[tuple[int, str]]) -> None:
    """Add the words of new documents, given as (key, text)."""
    connection.executemany("INSERT INTO texts (rowid, text) VALUES (?, ?)", list(texts))


def remove_words(connection: apsw.Connection, key: int, text: str) -> None:
    """Take a document's words out; the text must be the one that they came from."""
    connection.execute("INSERT INTO texts (texts, rowid, text) VALUES ('delete', ?, ?)", (key, text))


def rebuild_words(connection: apsw.Connection) -> None:
    """Rebuild all words from the documents that are there, which takes seconds."""
    connection.execute("INSERT INTO texts (texts) VALUES ('rebuild')")


def words_agree(connection: apsw.Connection) -> bool:
    """Say whether the words are those of the documents. To SQLite this is a statement that writes."""
    connection.execute("BEGIN")
    try:
        connection.execute("INSERT INTO texts (texts, rank) VALUES ('integrity-check', 1)")
    except apsw.CorruptError:
        return False
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    return True
